// Guarded<T>: a value that can be reached only while its mutex is held, so a forgotten lock does
// not compile.
#pragma once
#include <mutex>
#include <utility>

namespace pedia {

// Thread-safe.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs `f(value)` under the lock and returns its result. `f` must not lock this object again.
  template <typename F>
  auto With(F&& f) {
    std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }
  template <typename F>
  auto With(F&& f) const {
    std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace pedia
