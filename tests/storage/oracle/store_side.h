// The store's side of the oracle: puts worlds into stores and asks stores questions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "storage/store.h"
#include "tests/storage/oracle/question.h"
#include "tests/storage/oracle/world.h"

namespace pedia::oracle {

storage::Change UpsertOf(const Object& object);
storage::Change DeletionOf(const Object& object);

// All pages of an answer, up to kMaxPages.
Answer Ask(storage::Store& store, const Question& question);

}  // namespace pedia::oracle
