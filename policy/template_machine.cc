#include "policy/template_machine.h"

#include <optional>
#include <utility>
#include <vector>

#include "policy/template_format.h"
#include "policy/template_json.h"
#include "policy/template_run.h"
#include "policy/template_token_reader.h"

namespace pedia::policy {
namespace {

// Every method does nothing useful after a failure of the run, and returns at once.
class Machine {
 public:
  Machine(const TemplateTree& tree, TemplateRun& run) : tree_(tree), run_(run), output_(run) {}

  void Run(const Definition& definition, const Value& dot);
  // Of what was evaluated last: after a failure, of what failed.
  size_t offset() const { return at_; }
  std::string TakeOutput() { return output_.Take(); }

 private:
  enum class Flow { kNext, kBreak, kContinue };

  Flow Walk(const Block& block, const Value& dot);
  Flow WalkNode(const Node& node, const Value& dot);
  Flow WalkRange(const Node& node, const Value& dot);
  Flow WalkMembers(const Node& node, const Map& map);
  void CallTemplate(const Node& node, const Value& dot);
  Flow Iterate(const Node& node, const Value& index, const Value& element);

  Value Evaluate(const Pipeline& pipeline, const Value& dot);
  Value Evaluate(const Command& command, const Value& dot, const std::optional<Value>& piped);
  Value Evaluate(const Operand& operand, const Value& dot);
  Value FieldOf(const Value& value, std::string_view name);
  Value Call(const Operand& function, std::span<const Operand> operands, const Value& dot,
             const std::optional<Value>& piped);
  bool TakesAsMany(const Function& function, size_t written, size_t given);
  // `value` as the parameter needs it.
  Value Argument(char parameter, const Operand* operand, const Value& value);

  const TemplateTree& tree_;
  TemplateRun& run_;
  TextBuilder output_;
  std::vector<Value> variables_;
  size_t at_ = 0;
};

void Machine::Run(const Definition& definition, const Value& dot) {
  // To clear them takes time, too.
  if (!run_.Step(definition.variables * 16)) return;
  std::vector<Value> outer = std::exchange(variables_, std::vector<Value>(definition.variables));
  variables_[0] = dot;
  Walk(definition.body, dot);
  variables_ = std::move(outer);
}

Machine::Flow Machine::Walk(const Block& block, const Value& dot) {
  const TemplateRun::Level level(run_);
  for (const Node& node : block) {
    if (!run_.Step()) break;
    const Flow flow = WalkNode(node, dot);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Machine::Flow Machine::WalkNode(const Node& node, const Value& dot) {
  at_ = node.offset;
  switch (node.kind) {
    case Node::Kind::kText:
      output_.Add(node.text);
      return Flow::kNext;
    case Node::Kind::kAction: {
      const Value value = Evaluate(*node.pipeline, dot);
      if (!node.pipeline->declares) AddValue(value, &output_);
      return Flow::kNext;
    }
    case Node::Kind::kIf:
    case Node::Kind::kWith: {
      const Value value = Evaluate(*node.pipeline, dot);
      if (!value.Truth()) return Walk(node.otherwise, dot);
      return Walk(node.body, node.kind == Node::Kind::kWith ? value : dot);
    }
    case Node::Kind::kRange:
      return WalkRange(node, dot);
    case Node::Kind::kTemplate:
      CallTemplate(node, dot);
      return Flow::kNext;
    case Node::Kind::kBreak:
      return Flow::kBreak;
    case Node::Kind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kNext;
}

Machine::Flow Machine::Iterate(const Node& node, const Value& index, const Value& element) {
  const std::vector<size_t>& variables = node.pipeline->variables;
  if (!variables.empty()) variables_[variables.back()] = element;
  if (variables.size() > 1) variables_[variables.front()] = index;
  return Walk(node.body, element);
}

Machine::Flow Machine::WalkRange(const Node& node, const Value& dot) {
  const Value value = Evaluate(*node.pipeline, dot);
  if (run_.failed()) return Flow::kNext;
  if (value.IsNil()) return Walk(node.otherwise, dot);
  if (value.kind() != Kind::kList && value.kind() != Kind::kMap) {
    run_.Fail("range can't iterate over " + std::string(value.TypeName()));
    return Flow::kNext;
  }
  if (value.Size() == 0) return Walk(node.otherwise, dot);
  if (value.kind() == Kind::kMap) return WalkMembers(node, value.map());
  const List& list = value.list();
  for (size_t i = 0; i < list.size() && run_.Step(); ++i) {
    if (Iterate(node, Value::Int(static_cast<int64_t>(i)), list[i]) == Flow::kBreak) break;
  }
  return Flow::kNext;
}

Machine::Flow Machine::WalkMembers(const Node& node, const Map& map) {
  // The loop may change the object.
  List pairs;
  for (const auto& [key, member] : map) {
    pairs.push_back(Value::Text(key));
    pairs.push_back(member);
  }
  const Value copy = run_.NewList(std::move(pairs));
  if (run_.failed()) return Flow::kNext;
  for (auto pair = copy.list().begin(); pair != copy.list().end() && run_.Step(); pair += 2) {
    if (Iterate(node, pair[0], pair[1]) == Flow::kBreak) break;
  }
  return Flow::kNext;
}

void Machine::CallTemplate(const Node& node, const Value& dot) {
  const auto definition = tree_.named.find(node.name);
  if (definition == tree_.named.end()) {
    run_.Fail("template \"" + node.name + "\" not defined");
    return;
  }
  const Value argument = node.pipeline ? Evaluate(*node.pipeline, dot) : Value();
  if (!run_.failed()) Run(definition->second, argument);
}

Value Machine::Evaluate(const Pipeline& pipeline, const Value& dot) {
  const TemplateRun::Level level(run_);
  std::optional<Value> value;
  for (const Command& command : pipeline.commands) {
    if (run_.failed()) return {};
    value = Evaluate(command, dot, value);
    // Go forgets here that there was an interface without a value.
    if (value->kind() == Kind::kNil) value = Value();
  }
  if (run_.failed()) return {};
  for (const size_t variable : pipeline.variables) variables_[variable] = *value;
  return *value;
}

Value Machine::Evaluate(const Command& command, const Value& dot,
                        const std::optional<Value>& piped) {
  const Operand& first = command.operands.front();
  const std::span<const Operand> others = std::span(command.operands).subspan(1);
  at_ = first.offset;
  if (first.kind == Operand::Kind::kFunction && first.fields.empty()) {
    return Call(first, others, dot, piped);
  }
  if (!others.empty() || piped) {
    if (first.fields.empty()) {
      return run_.Fail("can't give argument to non-function " + std::string(first.spelling));
    }
    return run_.Fail(std::string(first.fields.back()) + " is not a method but has arguments");
  }
  if (first.kind == Operand::Kind::kNil) return run_.Fail("nil is not a command");
  return Evaluate(first, dot);
}

Value Machine::Evaluate(const Operand& operand, const Value& dot) {
  at_ = operand.offset;
  Value value;
  switch (operand.kind) {
    case Operand::Kind::kDot:
      value = dot;
      break;
    case Operand::Kind::kNil:
      return Value::Nil();
    case Operand::Kind::kConstant:
      return operand.constant;
    case Operand::Kind::kText:
      return Value::Text(operand.text);
    case Operand::Kind::kVariable:
      value = variables_[operand.variable];
      break;
    case Operand::Kind::kFunction:
      value = Call(operand, {}, dot, std::nullopt);
      break;
    case Operand::Kind::kPipeline:
      value = Evaluate(*operand.pipeline, dot);
      break;
  }
  if (!run_.Step(operand.fields.size() * 256)) return {};
  at_ = operand.offset;
  for (const std::string_view field : operand.fields) value = FieldOf(value, field);
  return value;
}

Value Machine::FieldOf(const Value& value, std::string_view name) {
  switch (value.kind()) {
    case Kind::kMissing:
      return {};
    case Kind::kNil:
      return run_.Fail("nil pointer evaluating interface {}." + std::string(name));
    case Kind::kMap: {
      const auto member = value.map().find(name);
      return member == value.map().end() ? Value() : member->second;
    }
    default:
      return run_.Fail("can't evaluate field " + std::string(name) + " in type " +
                       std::string(value.TypeName()));
  }
}

bool Machine::TakesAsMany(const Function& function, size_t written, size_t given) {
  const size_t fixed = function.fixed();
  if (function.is_variadic() ? given >= fixed : given == fixed) return true;
  run_.Fail("wrong number of args for " + std::string(function.name) + ": want " +
            (function.is_variadic() ? "at least " : "") + std::to_string(fixed) + " got " +
            std::to_string(function.is_variadic() ? written : given));
  return false;
}

Value Machine::Call(const Operand& called, std::span<const Operand> operands, const Value& dot,
                    const std::optional<Value>& piped) {
  const Function& function = *called.function;
  if (!TakesAsMany(function, operands.size(), operands.size() + (piped ? 1 : 0))) return {};
  std::vector<Value> arguments;
  size_t work = 0;
  for (const Operand& operand : operands) {
    const Value value = Evaluate(operand, dot);
    if (run_.failed()) return {};
    arguments.push_back(Argument(function.parameter(arguments.size()), &operand, value));
    if (run_.failed()) return {};
    work += arguments.back().Size();
    if (function.stops_early() && arguments.back().Truth() == function.stops_when_true()) {
      return arguments.back();
    }
  }
  at_ = called.offset;
  if (piped) {
    arguments.push_back(Argument(function.parameter(arguments.size()), nullptr, *piped));
    work += arguments.back().Size();
  }
  if (!run_.Step(work)) return {};
  const Value result = function.call(run_, arguments);
  if (run_.failed()) run_.Explain("error calling " + std::string(function.name) + ": ");
  return result;
}

Value Machine::Argument(char parameter, const Operand* operand, const Value& value) {
  const char* expected = "";
  switch (parameter) {
    case 'a':
      return value.IsNil() ? Value::Nil() : value;
    case 's':
      if (value.kind() == Kind::kString) return value;
      expected = "string";
      break;
    case 'i':
      if (value.IsInteger()) return value;
      expected = "int";
      break;
    case 'b':
      if (value.kind() == Kind::kBool) return value;
      expected = "bool";
      break;
    default:
      if (value.kind() == Kind::kMap) return value;
      // An object that is not there is one without members.
      if (value.kind() == Kind::kMissing) return Value::Of(run_.NewMap());
      expected = "map[string]interface {}";
  }
  if (operand && operand->kind == Operand::Kind::kNil) {
    return run_.Fail("cannot assign nil to " + std::string(expected));
  }
  if (value.kind() == Kind::kMissing) {
    return run_.Fail("invalid value; expected " + std::string(expected));
  }
  const std::string_view got = value.IsNil() ? "interface {}" : value.TypeName();
  return run_.Fail("wrong type for value; expected " + std::string(expected) + "; got " +
                   std::string(got));
}

}  // namespace

Result<std::string> ExecuteTemplate(const TemplateTree& tree, std::string_view text,
                                    std::string_view data) {
  TemplateRun run;
  const Value dot = ReadJson(run, data, JsonNumbers::kKubernetes);
  if (run.failed()) return BadRequest("template: the data: " + run.failure());
  Machine machine(tree, run);
  machine.Run(tree.main, dot);
  if (run.failed()) return BadRequest(AtPosition(text, machine.offset(), run.failure()));
  return machine.TakeOutput();
}

}  // namespace pedia::policy
