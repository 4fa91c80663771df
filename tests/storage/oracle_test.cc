// A list in SQL gives what an evaluation in memory gives, for random worlds and random options.
// PEDIA_ORACLE_PAIRS=1000000 PEDIA_ORACLE_SEED=7 runs more of them, and tells how far it is;
// PEDIA_ORACLE_FAILURES=5 goes on until so many are found.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/storage/oracle/evaluator.h"
#include "tests/storage/oracle/generator.h"
#include "tests/storage/oracle/shrinker.h"
#include "tests/storage/oracle/spelling.h"
#include "tests/storage/oracle/store_side.h"
#include "tests/storage/oracle/typed_text.h"
#include "tests/storage/store_fixture.h"

namespace pedia::oracle {
namespace {

constexpr uint64_t kShares = 4;
constexpr uint64_t kPairs = 12'000;
constexpr uint64_t kPairsOnServers = 3'000;  // A question is several round trips there.
constexpr uint64_t kQuestionsPerState = 60;  // Then some objects change.
constexpr int kStatesPerWorld = 2;
constexpr int kWorldsPerStore = 8;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

uint64_t UsualPairs() {
  const bool embedded = testing::TestDatabase::kind() == testing::TestDatabase::Kind::kSqlite;
  return embedded ? kPairs : kPairsOnServers;
}

// So few that lists of the worlds here are sorted in many passes and scans overflow what is held.
constexpr storage::ListLimits kFewRows{.held = 20, .sorted = 7};

// A store in a folder of its own, and the world in it.
class Subject {
 public:
  Subject() {
    Result<std::unique_ptr<storage::Store>> store =
        storage::OpenStore(database_.Open(), {.list_limits = kFewRows});
    if (store.ok()) store_ = *std::move(store);
  }

  storage::Store& store() { return *store_; }
  const World& world() const { return world_; }

  // Replaces what is there. Objects of the same name are updated.
  void Set(World world) {
    std::vector<storage::Change> changes;
    for (const Object& object : world_.objects) changes.push_back(DeletionOf(object));
    for (const Object& object : world.objects) changes.push_back(UpsertOf(object));
    Apply(changes);
    world_ = std::move(world);
  }

  // Changes, deletes and adds some objects.
  void Stir(Dice& dice) {
    WorldMaker maker(&dice);
    std::vector<storage::Change> changes;
    World next;
    for (const Object& object : world_.objects) {
      if (dice.Chance(10)) {
        changes.push_back(DeletionOf(object));
      } else if (dice.Chance(20)) {
        next.objects.push_back(maker.Change(world_, object));
        changes.push_back(UpsertOf(next.objects.back()));
      } else {
        next.objects.push_back(object);
      }
    }
    Apply(changes);
    world_ = std::move(next);
  }

 private:
  void Apply(const std::vector<storage::Change>& changes) {
    EXPECT_THAT(store_->Apply(changes), testing::IsOk());
  }

  testing::TestDatabase database_;
  std::unique_ptr<storage::Store> store_;
  World world_;
};

// What is wrong with a case in a fresh store.
std::string TryFresh(const FailingCase& failing) {
  Subject subject;
  subject.Set(failing.world);
  return Difference(Evaluator(failing.world).Ask(failing.question),
                    Ask(subject.store(), failing.question));
}

// Mostly small. In the large ones conditions differ in how many objects they leave, so that lists
// are driven by one or another.
size_t SizeOfWorld(Dice& dice) {
  if (dice.Chance(1)) return 2'500;
  return dice.Chance(10) ? 300 : dice.Below(90);
}

std::string Explain(const FailingCase& failing, const std::string& difference) {
  if (TryFresh(failing).empty()) {
    return "This fails only after earlier writes to the same store.\n" +
           Report(failing, difference);
  }
  const FailingCase small = Shrink(failing, TryFresh);
  return Report(small, TryFresh(small));
}

class OracleTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  // Asks until a question is answered wrongly or there are enough of them.
  void AskAboutState(const Evaluator& evaluator, Subject& subject, Dice& dice) {
    QuestionMaker maker(&dice);
    for (uint64_t i = 0; i < kQuestionsPerState && done_ < share_; ++i, ++done_) {
      const Question question = maker.Make(subject.world());
      const Answer want = evaluator.Ask(question);
      const std::string difference = Difference(want, Ask(subject.store(), question));
      if (!difference.empty()) {
        ADD_FAILURE() << Explain({subject.world(), question}, difference);
        if (--failures_left_ == 0) return;
      }
      spelled_ += question.spelling != 0 && Spell(question) ? 1 : 0;
      answered_ += want.pages[0].rows.empty() ? 0 : 1;
      chosen_ += want.pages[0].rows.size();
      if (share_ > kPairs && done_ % 10'000 == 0 && done_ > 0)
        std::printf("%lu of %lu pairs\n", done_, share_), std::fflush(stdout);
    }
  }

  void CheckGets(const Evaluator& evaluator, Subject& subject, Dice& dice) {
    for (int i = 0; i < 5 && !subject.world().objects.empty(); ++i) {
      const Object& object = dice.Of(subject.world().objects);
      const query::AccessFilter events = QuestionMaker(&dice).Access();
      Result<storage::StoredObject> got =
          subject.store().Get(object.cluster, object.type->gvr, object.Member("namespace"),
                              object.Member("name"), &events);
      ASSERT_THAT(got, testing::IsOk());
      EXPECT_EQ(got->body, object.Body());
      std::sort(got->events.begin(), got->events.end());
      EXPECT_EQ(got->events, evaluator.EventsOf(object, events)) << object.Body();
    }
  }

  void AskAboutWorld(Subject& subject, Dice& dice) {
    subject.Set(WorldMaker(&dice).Make(SizeOfWorld(dice)));
    for (int state = 0; state < kStatesPerWorld && failures_left_ > 0; ++state) {
      if (state > 0) subject.Stir(dice);
      const Evaluator evaluator(subject.world());
      CheckGets(evaluator, subject, dice);
      AskAboutState(evaluator, subject, dice);
    }
  }

  uint64_t share_ = FromEnvironment("PEDIA_ORACLE_PAIRS", UsualPairs()) / kShares;
  uint64_t failures_left_ = FromEnvironment("PEDIA_ORACLE_FAILURES", 1);
  uint64_t done_ = 0;
  uint64_t spelled_ = 0;   // Questions that were put as text.
  uint64_t answered_ = 0;  // Questions that some object answered.
  uint64_t chosen_ = 0;    // Objects on first pages.
};

TEST_P(OracleTest, TheStoreAnswersAsTheEvaluatorDoes) {
  const uint64_t seed = FromEnvironment("PEDIA_ORACLE_SEED", 1) * kShares + GetParam();
  for (uint64_t number = 0; done_ < share_ && failures_left_ > 0; ++number) {
    Dice dice(seed * 1'000'003 + number);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", store " + std::to_string(number));
    Subject subject;
    for (int world = 0; world < kWorldsPerStore && done_ < share_ && failures_left_ > 0; ++world)
      AskAboutWorld(subject, dice);
  }
  if (HasFailure()) return;
  // Questions that nothing answers prove little.
  EXPECT_GT(answered_, done_ / 4);
  EXPECT_GT(chosen_, done_);
  EXPECT_GT(spelled_, done_ / 4);
}

INSTANTIATE_TEST_SUITE_P(Shares, OracleTest, ::testing::Range<uint64_t>(0, kShares));

TEST(OracleTest, ACollectionOrderedDownwardsByAnIndexedFieldHasAllItsPages) {
  World world;
  for (const auto& [cluster, name, uid] :
       {std::tuple("c.d", "x13", "uid-22"), {"a", "x3", "uid-50"}, {"a-b", "x8", "uid-56"}}) {
    const Json metadata{{"name", name}, {"namespace", "n"}};
    world.objects.push_back({&Types()[3],
                             cluster,
                             Json{{"metadata", metadata}, {"involvedObject", {{"uid", uid}}}},
                             {}});
  }
  Question question;
  question.scope.collection = "any";
  question.scope.patterns = {{"", "v1", "events"}};
  question.options.limit = 1;
  question.options.order_by = {{query::OrderColumn::kField, true, PathOf("involvedObject.uid")}};
  EXPECT_EQ(TryFresh({world, question}), "");
}

TEST(OracleTest, TypedTextsStandInTheOrderOfTheirValues) {
  const std::vector<std::vector<std::string>> ascending = {
      {"-1e400"},
      {"-2"},
      {"-1500m", "-1.5", "-15e-1"},
      {"0", "-0", "0.0", "0Ki", "0e5"},
      {"1n", "1e-9"},
      {"1u"},
      {"500m", "0.5", ".5"},
      {"1", "+1", "1.", "1.0", "01"},
      {"1k", "1e3", "1E3", "1000"},
      {"1Ki", "1024"},
      {"9007199254740992"},
      {"9007199254740993"},
      {"1E"},
      {"1Ei"},
      {"1e400"},
      {"1969-12-31T23:59:59.9Z"},
      {"1970-01-01T00:00:00Z"},
      {"2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05.000Z"},
      {"2026-01-02T03:04:05.5Z"},
      {""},
      {"-"},
      {"."},
      {"1 Gi"},
      {"1e"},
      {"2026-02-30T03:04:05Z"},
      {"abc"},
  };
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (const std::string& text : ascending[i]) {
      EXPECT_EQ(TypedText(text), TypedText(ascending[i][0])) << text;
      const TypedText lower(ascending[i > 0 ? i - 1 : 0][0]);
      EXPECT_EQ(lower<TypedText(text), i> 0) << text;
    }
  }
}

TEST(OracleTest, AFailingCaseShrinksToWhatMatters) {
  Dice dice(5);
  FailingCase failing{WorldMaker(&dice).Make(60), {}};
  failing.question.options.limit = 7;
  failing.question.options.since = 3;
  failing.question.options.clusters = {true, {"a", "b", "c"}, {}};
  const std::string name = failing.world.objects[20].Member("uid");
  // Fails as long as an object with this uid is there, and a limit.
  const FailingCase small = Shrink(failing, [&](const FailingCase& candidate) {
    const auto& objects = candidate.world.objects;
    const bool there = std::any_of(objects.begin(), objects.end(), [&](const Object& object) {
      return object.Member("uid") == name;
    });
    return there && candidate.question.options.limit > 0 ? "wrong" : "";
  });
  ASSERT_EQ(small.world.objects.size(), 1u);
  EXPECT_EQ(small.world.objects[0].document.size(), 1u);
  EXPECT_EQ(small.world.objects[0].Member("uid"), name);
  EXPECT_EQ(small.question.options.limit, 7);
  EXPECT_FALSE(small.question.options.since);
  EXPECT_FALSE(small.question.options.clusters.restricted);
}

}  // namespace
}  // namespace pedia::oracle
