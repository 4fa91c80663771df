// Makes a failing case small enough to read: drops objects, parts of objects, and conditions as
// long as the case still fails.
#pragma once
#include <functional>
#include <string>

#include "tests/storage/oracle/question.h"
#include "tests/storage/oracle/world.h"

namespace pedia::oracle {

struct FailingCase {
  World world;
  Question question;
};

// What is wrong with a case in a fresh store, "" if nothing is.
using Trial = std::function<std::string(const FailingCase&)>;

// Requires: `trial` fails for `failing`. Tries at most `trials` times.
FailingCase Shrink(FailingCase failing, const Trial& trial, int trials = 800);

// The objects as JSON, the question, and what is wrong.
std::string Report(const FailingCase& failing, const std::string& difference);

}  // namespace pedia::oracle
