// Result<T>: a T, or the Status that says why there is none.
#pragma once
#include <cassert>
#include <utility>
#include <variant>

#include "meta/status.h"

namespace pedia {

// Invariant: never holds a successful Status. A value type.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Status status)
      : state_(std::in_place_index<0>, std::move(status)) {  // NOLINT: implicit by design
    assert(!this->status().ok());
  }
  bool ok() const { return state_.index() == 1; }
  const Status& status() const { return std::get<0>(state_); }  // Requires: !ok().
  const T& operator*() const& { return std::get<1>(state_); }   // Requires: ok().
  T& operator*() & { return std::get<1>(state_); }
  T&& operator*() && { return std::get<1>(std::move(state_)); }
  const T* operator->() const { return &std::get<1>(state_); }
  T* operator->() { return &std::get<1>(state_); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace pedia
