#include "storage/list.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace pedia::storage {
namespace {

// Of rows that do not carry their body.
constexpr size_t kBodiesAtOnce = 64;

bool IsWanted(const query::ListScope& scope, const GroupVersionResource& gvr) {
  return std::any_of(scope.patterns.begin(), scope.patterns.end(),
                     [&](const query::ResourcePattern& pattern) {
                       return pattern.any_group ||
                              (pattern.group == gvr.group &&
                               (pattern.version.empty() || pattern.version == gvr.version) &&
                               (pattern.resource.empty() || pattern.resource == gvr.resource));
                     });
}

}  // namespace

SqlList::SqlList(SqlConnection& connection, DictionaryCache& dictionaries, ScanSlots& slots,
                 const ListLimits& limits, const query::ListScope& scope,
                 const query::ListOptions& options)
    : connection_(connection),
      dictionaries_(dictionaries),
      slot_(slots),
      limits_(limits),
      options_(options),
      request_{scope, options, NormalizeOrder(options.order_by, scope.collection.empty()),
               0,     {},      {}},
      bodies_(connection),
      to_skip_(std::max<int64_t>(options.start.offset, 0)) {}

Result<ListResult> SqlList::Run(bool ahead, const Head& head, RowSink& sink) {
  head_ = &head;
  sink_ = &sink;
  connection_.set_cancelled([&sink] { return sink.Cancelled(); });
  const Status status = RunInSnapshot(ahead);
  connection_.set_cancelled(nullptr);
  slot_.GiveBack();
  if (sink.Cancelled()) result_.cancelled = true;
  if (!status.ok() && !result_.cancelled) return status;
  return std::move(result_);
}

Status SqlList::RunInSnapshot(bool ahead) {
  const Result<bool> prepared = ahead ? PrepareAhead() : Result<bool>(false);
  if (!prepared.ok()) return prepared.status();
  if (!*prepared) {
    const Result<StoreState> state = connection_.ReadState();
    if (!state.ok()) return state.status();
    Result<std::shared_ptr<const Dictionary>> dictionary = dictionaries_.Get(connection_, *state);
    if (!dictionary.ok()) return dictionary.status();
    dictionary_ = *std::move(dictionary);
    request_.objects = state->next_object;
    result_.revision = state->revision;
    if (Status status = Prepare(); !status.ok()) return status;
  }
  if (!options_.facets.empty()) {
    if (Status status = CountFacets(); !status.ok()) return status;
  }
  if (!options_.counts_only) {
    const Status status = in_order() ? StreamInOrder() : StreamSorted();
    if (!status.ok()) return status;
  }
  return SendHeld(/*all=*/true);
}

// Plans the list with what was known of the store last, and asks for its first rows before the state
// of the snapshot is here, which comes with them. False, in a new transaction, if there is something
// new in the store; then nothing of it counts.
Result<bool> SqlList::PrepareAhead() {
  const KnownDictionary known = dictionaries_.Known();
  if (known.dictionary == nullptr || !options_.facets.empty() || options_.counts_only) return false;
  dictionary_ = known.dictionary;
  request_.objects = known.objects;
  Status status = Prepare();
  if (status.ok() && in_order() && !scan_) status = OpenStreams();
  const Result<StoreState> state = connection_.ReadState();
  if (!state.ok()) return state.status();
  if (known.Covers(*state)) {
    if (!status.ok()) return status;
    (void)dictionaries_.Get(connection_, *state);
    result_.revision = state->revision;
    return true;
  }
  streams_.clear();
  plans_.clear();
  types_.clear();
  request_.after.reset();
  request_.owners.reset();
  scan_ = false;
  connection_.Rollback();
  connection_.StartRead();
  return false;
}

bool SqlList::in_order() const {
  return std::all_of(plans_.begin(), plans_.end(),
                     [](const ListPlan& plan) { return plan.query.ordered; });
}

Status SqlList::Prepare() {
  if (options_.inject_events) {
    events_.emplace(connection_, *dictionary_, query::AccessTo(options_, {"", "v1", "events"}));
  }
  if (options_.with_remaining_count) result_.remaining_count = 0;
  if (!options_.start.token_key.empty()) {
    Result<SortKey> after = ParseSortKey(options_.start.token_key, request_.order);
    if (!after.ok()) return after.status();
    request_.after = *std::move(after);
  }
  FindTypes();
  if (options_.owner && !types_.empty()) {
    Result<Owners> owners = FindOwners(connection_, *dictionary_, request_.scope, options_);
    if (!owners.ok()) return owners.status();
    request_.owners = *std::move(owners);
  }
  if (options_.counts_only) return Status();
  for (const DictionaryType* type : types_) {
    Result<std::optional<ListPlan>> plan = SqlPlanner(connection_, request_, *type).PlanRows();
    if (!plan.ok()) return plan.status();
    if (!*plan) continue;
    scan_ = scan_ || (*plan)->reads_bodies();
    plans_.push_back(**std::move(plan));
  }
  return Status();
}

void SqlList::FindTypes() {
  if (request_.scope.collection.empty()) {
    const DictionaryType* type = dictionary_->Find(request_.scope.gvr);
    if (type != nullptr) types_.push_back(type);
    return;
  }
  for (const auto& type : dictionary_->types) {
    if (IsWanted(request_.scope, type->gvr)) types_.push_back(type.get());
  }
}

Status SqlList::WaitForSlot() {
  switch (slot_.Take(connection_.deadline(), [this] { return sink_->Cancelled(); })) {
    case ScanSlots::Outcome::kTaken:
      return Status();
    case ScanSlots::Outcome::kCrowded:
      return TooManyRequests("too many queries search without an index, try again later", 1);
    case ScanSlots::Outcome::kGivenUp:
      break;
  }
  return Timeout("the query waited too long for others that search without an index");
}

// Asks for the rows of all plans.
Status SqlList::OpenStreams() {
  for (const ListPlan& plan : plans_)
    streams_.push_back({"", std::make_unique<SqlRows>(connection_, plan, scanned_)});
  const bool more = options_.inject_events || options_.with_remaining_count;
  if (streams_.size() == 1 && !more && streams_.front().rows->IsOneStatement())
    connection_.ExpectOneStatement();
  for (Stream& stream : streams_) {
    if (Status status = Advance(&stream); !status.ok()) return status;
  }
  return Status();
}

// To its next row, or its end: then it has no rows any more.
Status SqlList::Advance(Stream* stream) {
  const Result<bool> more = stream->rows->Next();
  if (!more.ok()) return more.status();
  if (!*more) {
    stream->rows.reset();  // Its statement may be used again.
    return Status();
  }
  if (streams_.size() == 1) return Status();
  const Result<SortKey> key = stream->rows->Key();
  if (!key.ok()) return key.status();
  stream->key = FormatSortKey(*key, request_.order);
  return Status();
}

// A merge of the plans' rows.
Status SqlList::StreamInOrder() {
  if (scan_) {
    if (Status status = WaitForSlot(); !status.ok()) return status;
  }
  if (streams_.empty()) {
    if (Status status = OpenStreams(); !status.ok()) return status;
  }
  const auto later = [&](size_t a, size_t b) { return streams_[b].key < streams_[a].key; };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> next(later);
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].rows) next.push(i);
  }
  while (!next.empty() && !done()) {
    const size_t i = next.top();
    next.pop();
    SqlRows& rows = *streams_[i].rows;
    const auto key = [&]() -> Result<std::string> {
      const Result<SortKey> of_row = rows.Key();
      if (!of_row.ok()) return of_row.status();
      return FormatSortKey(*of_row, request_.order);
    };
    const Status status = Take({rows.id(), &rows.plan().type}, &rows, key);
    if (!status.ok()) return status;
    if (done()) break;
    if (Status more = Advance(&streams_[i]); !more.ok()) return more;
    if (streams_[i].rows) next.push(i);
  }
  streams_.clear();
  if (!full_ || !options_.with_remaining_count) return Status();
  return CountRemaining();
}

// Reads all that matches as often as there are more rows than can be kept.
Status SqlList::StreamSorted() {
  std::string after = options_.start.token_key;
  // A plan that gives the order may end with the page.
  const bool counts_all = std::none_of(plans_.begin(), plans_.end(),
                                       [](const ListPlan& plan) { return plan.query.ordered; });
  std::vector<KeyedFound> first;
  int64_t matching = 0;
  do {
    if (scan_) {
      if (Status status = WaitForSlot(); !status.ok()) return status;
    }
    if (Status status = FillFirst(after, &first, &matching); !status.ok()) return status;
    if (taken_ == 0 && options_.with_remaining_count && options_.limit > 0 && counts_all)
      result_.remaining_count = std::max<int64_t>(matching - to_skip_ - options_.limit, 0);
    for (const KeyedFound& row : first) {
      const Status status =
          Take(row.found, nullptr, [&]() -> Result<std::string> { return row.key; });
      if (!status.ok()) return status;
      if (done()) break;
    }
    if (done()) break;
    if (!first.empty()) after = std::move(first.back().key);
  } while (matching > static_cast<int64_t>(first.size()));
  if (!full_ || !options_.with_remaining_count || counts_all) return Status();
  return CountRemaining();
}

// `first`: the first rows behind `after`, in order; `matching`: how many there are in all.
Status SqlList::FillFirst(const std::string& after, std::vector<KeyedFound>* first,
                          int64_t* matching) {
  first->clear();
  *matching = 0;
  size_t wanted = limits_.sorted;
  const auto most = static_cast<int64_t>(wanted);
  if (options_.limit > 0 && options_.limit - taken_ < most && to_skip_ < most)
    wanted = std::min(wanted, static_cast<size_t>(options_.limit - taken_ + to_skip_ + 1));
  for (const ListPlan& plan : plans_) {
    SqlRows rows(connection_, plan, scanned_);
    while (true) {
      const Result<bool> more = rows.Next();
      if (!more.ok()) return more.status();
      if (!*more) break;
      const Result<SortKey> key = rows.Key();
      if (!key.ok()) return key.status();
      std::string bytes = FormatSortKey(*key, request_.order);
      if (!after.empty() && bytes <= after) continue;
      ++*matching;
      if (first->size() == wanted) {
        if (first->front().key <= bytes) continue;  // The front is the last one.
        std::pop_heap(first->begin(), first->end());
        first->pop_back();
      }
      first->push_back({std::move(bytes), {rows.id(), &plan.type}});
      std::push_heap(first->begin(), first->end());
    }
  }
  std::sort_heap(first->begin(), first->end());
  return Status();
}

template <typename Key>
Status SqlList::Take(const Found& found, SqlRows* rows, Key key) {
  if (to_skip_ > 0) {
    --to_skip_;
    return Status();
  }
  if (options_.limit > 0 && taken_ == options_.limit) {
    full_ = true;
    result_.next_key = last_key_;
    return Status();
  }
  ++taken_;
  if (taken_ == options_.limit) {
    Result<std::string> last = key();
    if (!last.ok()) return last.status();
    last_key_ = *std::move(last);
  }
  // The sink may have taken its time; the database sees the deadline only while it works.
  if (taken_ % 16 == 0 && connection_.DeadlinePassed())
    return Timeout("the query took too long and was ended");
  const bool scans = scan_ && !head_sent_;
  if (scans || rows == nullptr || !rows->plan().query.with_body) {
    held_.push_back(found);
    return held_.size() < (scans ? limits_.held : kBodiesAtOnce) ? Status() : SendHeld(false);
  }
  if (!held_.empty()) {
    if (Status status = SendHeld(false); !status.ok()) return status;
  }
  const Result<std::string_view> json = rows->Body();
  if (!json.ok()) return json.status();
  SendHead(/*all=*/true);
  if (!scan_) return Send(found, *json);
  slot_.GiveBack();
  if (Status status = Send(found, *json); !status.ok()) return status;
  return WaitForSlot();
}

Status SqlList::Send(const Found& found, std::string_view body) {
  ListRow row{body, *found.type};
  std::vector<std::string> events;
  if (options_.inject_events) {
    Result<std::vector<std::string>> of_object = events_->Of(found.id);
    if (!of_object.ok()) return of_object.status();
    events = *std::move(of_object);
    row.events = events;
  }
  if (!sink_->Row(row)) result_.cancelled = true;
  return Status();
}

// `all`: the rows held are all that are sent.
Status SqlList::SendHeld(bool all) {
  SendHead(all);
  slot_.GiveBack();
  std::vector<int64_t> ids;
  ids.reserve(held_.size());
  for (const Found& found : held_) ids.push_back(found.id);
  size_t ready = 0;
  for (size_t i = 0; i < held_.size() && !result_.cancelled; ++i) {
    if (i == ready) {
      const Result<size_t> read = bodies_.ReadAhead(std::span(ids).subspan(i));
      if (!read.ok()) return read.status();
      ready += *read;
      if (events_) {
        const Status events = events_->ReadAhead(std::span(ids).subspan(i, *read));
        if (!events.ok()) return events;
      }
    }
    const Result<std::string_view> body = bodies_.Read(held_[i].id);
    if (!body.ok()) return body.status();
    if (Status status = Send(held_[i], *body); !status.ok()) return status;
    if (connection_.DeadlinePassed()) return Timeout("the query took too long and was ended");
  }
  held_.clear();
  return all || !scan_ || result_.cancelled ? Status() : WaitForSlot();
}

void SqlList::SendHead(bool all) {
  if (std::exchange(head_sent_, true)) return;
  (*head_)({result_.revision, scan_, scanned_, all || !scan_});
}

}  // namespace pedia::storage
