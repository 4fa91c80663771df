// The template language by tables: a template and what Go and sprig say comes out of it.
#include "policy/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kData =
    R"({"s":"text","n":3,"big":9007199254740993,"f":1.5,"million":1e6,"no":null,"yes":true,"e":[],)"
    R"("l":["a","b","c"],"m":{"x":1,"a/b":"slash","deep":{"er":"v"}},"token":"dG9rZW4="})";

struct Case {
  std::string_view text;
  std::string_view expected;
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const auto& [text, expected] : cases) {
    const auto parsed = Template::Parse(text);
    ASSERT_THAT(parsed, IsOk()) << text;
    const auto output = parsed->Execute(kData);
    ASSERT_THAT(output, IsOk()) << text;
    EXPECT_EQ(*output, expected) << text;
  }
}

Status Failure(std::string_view text) {
  const auto parsed = Template::Parse(text);
  if (!parsed.ok()) return parsed.status();
  return testing::ToStatus(parsed->Execute(kData));
}

// The whole message without "template: line ".
void ExpectFailures(const std::vector<Case>& cases) {
  for (const auto& [text, expected] : cases) {
    EXPECT_THAT(Failure(text),
                FailsWith(StatusReason::kBadRequest, "template: line " + std::string(expected)))
        << text;
  }
}

TEST(TemplateTest, PrintsTextAndValues) {
  ExpectAll({{"", ""},
             {"plain } text", "plain } text"},
             {"{{.s}}-{{.n}}-{{.f}}-{{.yes}}", "text-3-1.5-true"},
             {"{{.big}} {{.million}}", "9007199254740993 1e+06"},
             {"{{.l}} {{.m}} {{.e}}", "[a b c] map[a/b:slash deep:map[er:v] x:1] []"},
             {"{{.m.deep.er}}{{$.s}}{{(.m).x}}", "vtext1"},
             {"[{{.missing}}{{.missing.more}}{{.no}}{{index .m \"q\"}}]", "[]"},
             {"{{print .missing}}", "<nil>"},
             {"a {{- 1 -}} b {{/* c */}}d {{- /* c */ -}} e", "a1b de"},
             {"{{1\n}}", "1"},
             {"{{/* {{ */}}x", "x"}});
}

TEST(TemplateTest, ReadsConstantsAsGo) {
  ExpectAll({{"{{0x1F}} {{0b11}} {{017}} {{0o17}} {{1_000}} {{-5}} {{+5}}", "31 3 15 15 1000 -5 5"},
             {"{{1.5e3}} {{.5}} {{1e100}} {{'a'}} {{'\\n'}} {{'é'}}", "1500 0.5 1e+100 97 10 233"},
             {R"({{"a\t\"\u00e9\x41\101"}}{{`r\n`}})", "a\t\"éAAr\\n"},
             {"{{true}} {{false}} {{print nil}}", "true false <nil>"},
             {"{{typeOf 1}} {{typeOf .n}} {{typeOf .f}} {{typeOf .l}}",
              "int int64 float64 []interface {}"}});
}

TEST(TemplateTest, Branches) {
  ExpectAll({{"{{if .yes}}a{{else}}b{{end}}{{if .e}}a{{else}}b{{end}}", "ab"},
             {"{{if .no}}a{{else if eq .n 3}}b{{else}}c{{end}}", "b"},
             {"{{with .m}}{{.x}}{{$.s}}{{else}}n{{end}}{{with .no}}y{{else}}n{{end}}", "1textn"},
             {"{{with .no}}a{{else with .s}}{{.}}{{end}}", "text"},
             {"{{with $v := .s}}{{$v}}{{end}}{{if $v := .n}}{{$v}}{{end}}", "text3"}});
}

TEST(TemplateTest, Loops) {
  ExpectAll(
      {{"{{range .l}}<{{.}}>{{end}}", "<a><b><c>"},
       {"{{range $i, $e := .l}}{{$i}}{{$e}}{{end}}{{range $e := .l}}{{$e}}{{end}}", "0a1b2cabc"},
       {"{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", "a/b=slash;deep=map[er:v];x=1;"},
       {"{{range .e}}x{{else}}none{{end}}{{range .no}}x{{else}}none{{end}}", "nonenone"},
       {"{{range .l}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac"},
       {"{{range .l}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"},
       {"{{range .l}}{{range $.l}}{{break}}{{end}}{{.}}{{end}}", "abc"},
       {"{{$x := 0}}{{range .l}}{{$x = add $x 1}}{{end}}{{$x}}", "3"},
       {"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"}});
}

TEST(TemplateTest, CallsNamedTemplates) {
  ExpectAll({{"{{define \"t\"}}<{{.}}{{$}}>{{end}}{{template \"t\" .n}}", "<33>"},
             {"{{template \"t\"}}{{define \"t\"}}[{{.s}}]{{end}}", "[]"},
             {"{{block \"b\" .m}}{{.x}}{{end}}", "1"},
             {"{{define `n`}}{{if .}}{{len .}}{{template `n` rest .}}{{end}}{{end}}"
              "{{template `n` .l}}",
              "321"}});
}

TEST(TemplateTest, EvaluatesPipelines) {
  ExpectAll({{"{{.s | upper | printf \"%s-%s\" \"x\"}}", "x-TEXT"},
             {"{{(index .l 0) | quote}}{{index .m \"a/b\"}}{{(dict \"a\" 1).a}}", "\"a\"slash1"},
             {"{{or .no 0 \"x\" (fail \"not reached\")}}{{and .yes .n 0 (fail \"no\")}}", "x0"},
             {"{{and .yes .s}}{{or .no .e}}{{not .no}}", "text[]true"}});
}

TEST(TemplateTest, Compares) {
  ExpectAll({{"{{eq .n 3}} {{eq .s \"a\" \"text\"}} {{ne 1 2}} {{eq .no nil}} {{eq .no 1}}",
              "true true true true false"},
             {"{{lt 1 2}} {{le 2 2}} {{gt 1.5 1.0}} {{ge \"b\" \"c\"}} {{lt .n 4}}",
              "true true true false true"}});
  ExpectFailures(
      {{"{{eq 1 1.0}}", "1, column 3: error calling eq: incompatible types for comparison"},
       {"{{lt true false}}", "1, column 3: error calling lt: invalid type for comparison"},
       {"{{eq .l .l}}",
        "1, column 3: error calling eq: non-comparable types "
        "[]interface {} and []interface {}"},
       {"{{eq 1}}", "1, column 3: error calling eq: missing argument for comparison"}});
}

TEST(TemplateTest, IndexesAndSlices) {
  ExpectAll({{"{{index .l 1}} {{index .m \"deep\" \"er\"}} {{index .s 0}} {{len .l}} {{len .s}}",
              "b v 116 3 4"},
             {"{{slice .l 1}} {{slice .l 1 2}} {{slice .s 1 3}}", "[b c] [b] ex"}});
  ExpectFailures(
      {{"{{index .l 3}}", "1, column 3: error calling index: index out of range: 3"},
       {"{{index .no 1}}", "1, column 3: error calling index: index of untyped nil"},
       {"{{index .m 1}}", "1, column 3: error calling index: value has type int; should be string"},
       {"{{len 3}}", "1, column 3: error calling len: len of type int"},
       {"{{slice .l 2 1}}", "1, column 3: error calling slice: invalid slice index"}});
}

TEST(TemplateTest, FormatsAsFmt) {
  ExpectAll(
      {{R"({{printf "%d %5d|%-5d|%05d %+d %x %X %#x %o %b" 1 2 3 4 5 255 255 255 8 5}})",
        "1     2|3    |00004 +5 ff FF 0xff 10 101"},
       {R"({{printf "%c %q %U" 'x' 'x' 0x1F600}})", "x 'x' U+1F600"},
       {R"({{printf "%s|%5s|%-5s|%.2s|%q|%x" "a" "b" "c" "abc" "q\"" "hi"}})",
        "a|    b|c    |ab|\"q\\\"\"|6869"},
       {R"({{printf "%v %f %.2f %e %g %8.3f %G" 1e21 1.5 1.005 1500.0 0.00001 3.14159 1e-7}})",
        "1e+21 1.500000 1.00 1.500000e+03 1e-05    3.142 1E-07"},
       {R"({{printf "%t %v %v %T %%" true .l .m .n}})",
        "true [a b c] map[a/b:slash deep:map[er:v] x:1] int64 %"},
       {R"({{printf "%d %s %s" "a" 1 nil}})", "%!d(string=a) %!s(int=1) %!s(<nil>)"},
       {R"({{printf "%d" }}{{printf "x" 1}}{{printf "%"}})",
        "%!d(MISSING)x%!(EXTRA int=1)%!(NOVERB)"},
       {R"({{printf "%[2]d %[1]d %*d %[5]d" 1 2 3}})", "2 1  3 %!d(BADINDEX)"},
       {R"({{print 1 2 "a" "b" 3}}{{println "a" 1}})", "1 2ab3a 1\n"}});
}

TEST(TemplateTest, ChangesTexts) {
  ExpectAll(
      {{R"({{trim " a "}}{{trimAll "$" "$5$"}}{{trimPrefix "a" "ab"}}{{trimSuffix "b" "ab"}})",
        "a5ba"},
       {R"({{upper "aB"}}{{lower "aB"}}{{title "ab cd"}}{{untitle "Ab"}}{{nospace "a b"}})",
        "ABabAb Cdabab"},
       {R"({{repeat 3 "ab"}} {{substr 1 3 "abcd"}} {{substr 2 -1 "abcd"}} {{substr -1 2 "abc"}})",
        "ababab bc cd ab"},
       {R"({{trunc 2 "abc"}} {{trunc -2 "abc"}} {{trunc 9 "abc"}})", "ab bc abc"},
       {R"({{contains "b" "abc"}} {{hasPrefix "a" "abc"}} {{hasSuffix "a" "abc"}})",
        "true true false"},
       {R"({{quote "a" 1 nil}} {{squote "a" 1}} {{cat "a" 1 nil "b"}})",
        R"("a" "1" 'a' '1' a 1 b)"},
       {"{{indent 2 \"a\\nb\"}}|{{nindent 1 \"a\"}}", "  a\n  b|\n a"},
       {R"({{replace "a" "x" "banana"}} {{replace "" "-" "ab"}} {{plural "one" "many" 1}})",
        "bxnxnx -a-b- one"},
       {R"({{(split "," "a,b")._1}} {{splitList "," "a,b"}} {{(splitn "," 2 "a,b,c")._1}})",
        "b [a b] b,c"},
       {R"({{splitList "" (trim " ")}}{{splitList "," (trim " ") | len}}{{contains "a" (trim " ")}})",
        "[]1false"},
       {R"({{b64enc "token"}} {{b64dec .token}} {{toString 1.5}} {{sha1sum ""}})",
        "dG9rZW4= token 1.5 da39a3ee5e6b4b0d3255bfef95601890afd80709"},
       {R"({{html "<a&'\">"}} {{js "'<"}} {{urlquery "a b&é"}})",
        "&lt;a&amp;&#39;&#34;&gt; \\'\\u003C a+b%26%C3%A9"}});
}

TEST(TemplateTest, ComputesNumbers) {
  ExpectAll(
      {{R"({{int "12"}} {{int64 1.9}} {{float64 "1.5"}} {{atoi "7"}} {{atoi "x"}} {{int "0x1f"}})",
        "12 1 1.5 7 0 31"},
       {"{{add 1 2 3}} {{add1 1}} {{sub 5 2}} {{mul 2 3 4}} {{div 7 2}} {{mod 7 2}}",
        "6 2 3 24 3 1"},
       {"{{max 1 5 2}} {{min 3 1 2}} {{floor 1.9}} {{ceil 1.1}} {{round 1.2345 2}}",
        "5 1 1 2 1.23"},
       {"{{until 3}} {{untilStep 5 0 -2}} {{div -9223372036854775808 -1}}",
        "[0 1 2] [5 3 1] -9223372036854775808"}});
  ExpectFailures({{"{{div 1 0}}", "1, column 3: error calling div: integer divide by zero"}});
}

TEST(TemplateTest, ComputesLists) {
  ExpectAll({{"{{first .l}}{{last .l}}{{rest .l}}{{initial .l}}{{first .e}}", "ac[b c][a b]"},
             {"{{append .l 1}}{{prepend .l 1}}{{concat .l (list 1)}}{{.l}}",
              "[a b c 1][1 a b c][a b c 1][a b c]"},
             {R"({{reverse .l}}{{uniq (list 1 1 "a")}}{{without .l "b"}}{{compact (list 0 "" 1)}})",
              "[c b a][1 a][a c][1]"},
             {R"({{has "a" .l}} {{has "q" .l}} {{sortAlpha (list "b" "a" 1)}} {{join "-" .l}})",
              "true false [1 a b] a-b-c"}});
  ExpectFailures(
      {{"{{first 1}}", "1, column 3: error calling first: cannot find first on type int"}});
}

TEST(TemplateTest, ComputesObjects) {
  ExpectAll(
      {{R"({{$d := dict "a" 1 "b"}}{{$d}}{{$_ := set $d "c" 2}}{{$d}}{{unset $d "a"}})",
        "map[a:1 b:]map[a:1 b: c:2]map[b: c:2]"},
       {R"({{get .m "x"}}{{get .m "q"}} {{hasKey .m "x"}} {{hasKey .missing "x"}} {{keys .m}})",
        "1 true false [a/b deep x]"},
       {R"({{pick .m "x"}} {{omit .m "deep" "a/b"}} {{pluck "x" .m .m}} {{values (dict "a" 1)}})",
        "map[x:1] map[x:1] [1 1] [1]"},
       {R"({{merge (dict "a" 1) (dict "a" 2 "b" 3)}} {{mergeOverwrite (dict "a" 1) (dict "a" 2)}})",
        "map[a:1 b:3] map[a:2]"},
       {R"({{dig "deep" "er" "-" .m}} {{dig "deep" "q" "-" .m}})", "v -"},
       {R"({{$c := deepCopy .m}}{{$_ := set $c "x" 2}}{{.m.x}}{{$c.x}} {{deepEqual .m .m}})",
        "12 true"}});
}

TEST(TemplateTest, DefaultsTypesAndJson) {
  ExpectAll({{R"({{default "d" .missing}}{{default "d" 0}}{{.s | default "d"}} {{empty .e}})",
              "ddtext true"},
             {R"({{coalesce .no 0 "c"}} {{ternary "a" "b" false}} {{all 1 .s}} {{any 0 .no}})",
              "c b true false"},
             {R"({{kindOf .m}} {{kindOf .l}} {{kindIs "int64" .n}} {{typeIs "string" .s}})",
              "map slice true true"},
             {R"({{toJson .m}} {{toRawJson "<"}} {{toJson "<"}} {{toJson 1e21}} {{toJson .no}})",
              R"({"a/b":"slash","deep":{"er":"v"},"x":1} "<" "\u003c" 1e+21 null)"},
             {"{{toPrettyJson (dict \"a\" (list 1))}}", "{\n  \"a\": [\n    1\n  ]\n}"},
             {R"({{(fromJson "{\"a\":1000000}").a}} {{typeOf (fromJson "1")}})", "1e+06 float64"}});
  ExpectFailures({{"{{b64dec \"?\"}}", "1, column 3: error calling b64dec: illegal base64 data"},
                  {"{{fromJson \"{\"}}", "1, column 3: error calling fromJson: invalid JSON"},
                  {"{{fail \"why\"}}", "1, column 3: error calling fail: why"}});
}

TEST(TemplateTest, TellsWhereItIsWrong) {
  ExpectFailures(
      {{"a\nb {{ .x | nosuch }}", "2, column 11: function \"nosuch\" is not supported"},
       {"{{if .x}}", "1, column 10: unexpected end of the template in a block"},
       {"{{end}}", "1, column 3: unexpected \"end\" in a template: there is nothing to end"},
       {"{{.x", "1, column 5: unclosed action"},
       {"{{$x}}", "1, column 3: undefined variable \"$x\""},
       {"{{/* x", "1, column 1: unclosed comment"},
       {"{{\"x}}", "1, column 3: unterminated quoted string"},
       {"{{`x}}", "1, column 3: unterminated raw quoted string"},
       {"{{(1}}", "1, column 5: unclosed left paren"},
       {"{{1)}}", "1, column 4: unexpected right paren"},
       {"{{}}", "1, column 3: missing value for command"},
       {"{{if}}{{end}}", "1, column 5: missing value for if"},
       {"{{1 | 2}}", "1, column 7: non executable command in pipeline stage 2"},
       {"{{1x}}", "1, column 3: bad number syntax: \"1x\""},
       {"{{99999999999999999999}}", "1, column 3: bad number syntax: \"99999999999999999999\""},
       {"{{'ab'}}", "1, column 3: malformed character constant: \"'ab'\""},
       {"{{\"\\q\"}}", "1, column 3: invalid syntax of a string"},
       {"{{break}}", "1, column 3: break outside of range"},
       {"{{nil}}", "1, column 3: nil is not a command"},
       {"{{1 2}}", "1, column 3: can't give argument to non-function 1"},
       {"{{.s.x}}", "1, column 3: can't evaluate field x in type string"},
       {"{{.no.x}}", "1, column 3: nil pointer evaluating interface {}.x"},
       {"{{.s 1}}", "1, column 3: s is not a method but has arguments"},
       {"{{upper}}", "1, column 3: wrong number of args for upper: want 1 got 0"},
       {"{{upper 1}}", "1, column 9: wrong type for value; expected string; got int"},
       {"{{upper .q}}", "1, column 9: invalid value; expected string"},
       {"{{range 3}}{{end}}", "1, column 9: range can't iterate over int"},
       {"{{template \"t\"}}", "1, column 3: template \"t\" not defined"}});
}

TEST(TemplateTest, IsTrueWhateverTheCaseAndSpace) {
  for (const auto& [text, expected] : std::vector<Case>{{" {{eq 1 1}}\n", "yes"},
                                                        {"TRUE", "yes"},
                                                        {"", "no"},
                                                        {"truetrue", "no"},
                                                        {"1", "no"}}) {
    const auto result = Template::Parse(text)->IsTrue("{}");
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(*result, expected == "yes") << text;
  }
}

TEST(TemplateTest, EndsWhatIsHostile) {
  const std::string variables = [] {
    std::string text;
    for (int i = 0; i < 1001; ++i) text += "{{$a:=1}}";
    return text;
  }();
  const std::string nested = std::string("{{") + std::string(200, '(');
  std::string blocks;
  for (int i = 0; i < 200; ++i) blocks += "{{if 1}}";
  const std::string long_text(300 << 10, 'x');
  const std::vector<Case> cases = {
      {"{{define `r`}}{{template `r`}}{{end}}{{template `r`}}", "nested too deeply"},
      {"{{$l := until 2000}}{{range $l}}{{range $l}}{{end}}{{end}}", "runs for too long"},
      {"{{repeat 1000000000 `a`}}", "longer than 1 MiB"},
      {"{{repeat 2000000000 ``}}{{range until 9}}{{repeat 500000 `a`}}{{end}}",
       "longer than 1 MiB"},
      {"{{until 1000000000}}", "runs for too long"},
      {"{{printf `%999999d%999999d` 1 1}}", "longer than 1 MiB"},
      {"{{printf `%.401f` 1.0}}", "precision is larger than 400"},
      {"{{$d := dict}}{{$_ := set $d `d` $d}}{{$d}}", "nested too deeply"},
      {"{{$d := dict}}{{$_ := set $d `d` $d}}{{toJson $d}}", "nested too deeply"},
      {"{{$l := list 1 1}}{{range until 30}}{{$l = list $l $l}}{{end}}{{deepCopy $l}}", "too"},
      {"{{$b := repeat 900000 `b`}}{{range until 99}}{{$u := repeat 1 $b}}{{end}}",
       "take too much memory"},
      {variables, "more than 1000 variables"},
      {nested, "nested too deeply"},
      {blocks, "nested too deeply"},
      {long_text, "longer than 256 KiB"}};
  for (const auto& [text, expected] : cases) {
    EXPECT_THAT(Failure(text),
                FailsWith(StatusReason::kBadRequest, HasSubstr(std::string(expected))))
        << text.substr(0, 100);
  }
}

TEST(TemplateTest, RefusesDataThatIsNoJson) {
  EXPECT_THAT(Template::Parse("x")->Execute("{"),
              FailsWith(StatusReason::kBadRequest, StartsWith("template: the data: ")));
}

}  // namespace
}  // namespace pedia::policy
