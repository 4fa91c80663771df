// Options as the text of a URL query, in one of the many ways in which they can be written.
#pragma once
#include <optional>
#include <string>

#include "tests/storage/oracle/question.h"

namespace pedia::oracle {

// "names=a,b&labelSelector=app%3Dweb"; nothing if no text can say it. `question.spelling` chooses.
std::optional<std::string> Spell(const Question& question);

}  // namespace pedia::oracle
