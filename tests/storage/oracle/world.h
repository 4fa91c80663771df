// World: objects in memory as documents, as a fleet of clusters might have them and worse: equal
// uids, owners in circles, odd names, values of every type, texts longer than an index keeps.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "meta/group_version_resource.h"
#include "tests/storage/oracle/dice.h"

namespace pedia::oracle {

using Json = nlohmann::ordered_json;

// A string that begins with this byte stands for a number with the spelling that follows.
constexpr char kSpelledNumber = '\x01';

// How an object's JSON is written: what a selector sees of objects and lists depends on it.
struct Spelling {
  bool blanks = false;   // {"a": [1, 2]}
  bool escaped = false;  // "\u00fc" for everything beyond ASCII.
};

// The JSON text of `value`.
std::string Write(const Json& value, const Spelling& spelling);
// The text of a value as field selectors see it; nothing for null.
std::optional<std::string> TextOf(const Json& value, const Spelling& spelling);

struct Type {
  GroupVersionResource gvr;
  std::string kind;
  bool namespaced = true;
};

const std::vector<Type>& Types();

struct Object {
  const Type* type = nullptr;
  std::string cluster;
  Json document;
  Spelling spelling;

  std::string Member(const char* name) const;  // Of metadata, "" if it is missing.
  std::string Body() const { return Write(document, spelling); }
};

struct World {
  std::vector<Object> objects;  // Of each name one.
};

// Fills worlds. One thread.
class WorldMaker {
 public:
  explicit WorldMaker(Dice* dice) : dice_(*dice) {}

  World Make(size_t objects);
  // Another object for `world`, or another state of one that it has.
  Object MakeObject(const World& world);
  // The same name in another state.
  Object Change(const World& world, const Object& object);

  // A value of any type; null stands for "leave it out" half of the time it comes.
  Json AnyValue(int depth = 0);

 private:
  void FillMetadata(const World& world, Object* object);
  void FillLabels(Json* labels);
  void FillOwners(const World& world, const Object& object, Json* owners);
  void FillSpec(Object* object);
  void FillEvent(const World& world, Object* object);
  Json Containers();

  Dice& dice_;
};

// Texts that occur in worlds, for options to ask for.
std::string AnyName(Dice& dice);
std::string AnyLabelValue(Dice& dice);
std::string AnyFieldText(Dice& dice);
std::string AnyUid(Dice& dice);
std::string AnyOrderedText(Dice& dice);  // A number, quantity or time.
std::string AnyCluster(Dice& dice);
std::string AnyNamespace(Dice& dice);  // Sometimes one that no object has.

}  // namespace pedia::oracle
