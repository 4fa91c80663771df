// RecordingInformer: what an Informer told its handler.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kube/informer.h"

namespace pedia::kube {

// Thread-safe.
class RecordingInformer : public InformerHandler {
 public:
  void OnObject(std::string_view name_space, std::string_view name,
                std::string_view json) override {
    Change([&] {
      ++calls_;
      objects_[Key(name_space, name)] = json;
    });
    if (on_call) on_call();
  }
  void OnDelete(std::string_view name_space, std::string_view name) override {
    Change([&] {
      ++calls_;
      ++deletes_;
      objects_.erase(Key(name_space, name));
    });
    if (on_call) on_call();
  }
  void OnSynced() override {
    Change([&] {
      ++calls_;
      ++synced_;
    });
    if (on_call) on_call();
  }
  void OnError(const Status& status) override {
    Change([&] {
      ++calls_;
      errors_.push_back(status);
    });
    if (on_call) on_call();
  }

  bool WaitForSynced(int count = 1) {
    return WaitFor([=, this] { return synced_ >= count; });
  }
  bool WaitForErrors(size_t count) {
    return WaitFor([=, this] { return errors_.size() >= count; });
  }
  // Until the objects are those with these names.
  bool WaitForNames(const std::vector<std::string>& names) {
    return WaitFor([&] {
      std::vector<std::string> now;
      for (const auto& [key, json] : objects_) now.push_back(key);
      return now == names;
    });
  }
  bool WaitForText(const std::string& key, std::string_view text) {
    return WaitFor([&] { return objects_[key].find(text) != std::string::npos; });
  }
  std::vector<Status> errors() const { return Get(&RecordingInformer::errors_); }
  int synced() const { return Get(&RecordingInformer::synced_); }
  int calls() const { return Get(&RecordingInformer::calls_); }
  int deletes() const { return Get(&RecordingInformer::deletes_); }
  size_t size() const { return Get(&RecordingInformer::objects_).size(); }

  std::function<void()> on_call;  // On the loop's thread, in each call. Set before the start.

 private:
  static std::string Key(std::string_view name_space, std::string_view name) {
    return name_space.empty() ? std::string(name)
                              : std::string(name_space) + "/" + std::string(name);
  }
  template <typename T>
  T Get(T RecordingInformer::*member) const {
    std::scoped_lock lock(mutex_);
    return this->*member;
  }
  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), condition);
  }
  template <typename F>
  void Change(F&& f) {
    {
      std::scoped_lock lock(mutex_);
      f();
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> objects_;
  std::vector<Status> errors_;
  int synced_ = 0, calls_ = 0, deletes_ = 0;
};

}  // namespace pedia::kube
