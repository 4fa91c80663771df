// QuestionMaker: random questions about a world, biased towards those that some objects answer.
#pragma once
#include <string_view>

#include "tests/storage/oracle/dice.h"
#include "tests/storage/oracle/question.h"
#include "tests/storage/oracle/world.h"

namespace pedia::oracle {

// "spec.containers[].image", "status.conditions[0]", "metadata.labels['x.y/z']" as steps.
query::FieldPath PathOf(std::string_view text);

// One thread.
class QuestionMaker {
 public:
  explicit QuestionMaker(Dice* dice) : dice_(*dice) {}

  Question Make(const World& world);
  query::AccessFilter Access();

 private:
  query::ResourceAccess AllAccess();
  query::ListScope Scope();
  query::NameSet Names(std::string (*any)(Dice&));
  query::LabelRequirement Label(const World& world);
  query::FieldRequirement Field(const World& world);
  query::OwnerCondition Owner(const World& world);
  void AddCondition(const World& world, Question* question);
  void AddPaging(Question* question);
  std::vector<query::OrderBy> Order();
  std::vector<query::Facet> Facets();
  // Texts at `path` in objects of `world`, and others.
  std::vector<std::string> Texts(const World& world, const query::FieldPath& path, size_t n);
  query::FieldPath Path();

  Dice& dice_;
};

}  // namespace pedia::oracle
