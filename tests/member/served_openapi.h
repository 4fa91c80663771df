// ServedOpenApi: the OpenAPI documents of a simulated cluster: recorded ones, and small ones made
// from its API and its CustomResourceDefinitions. Source: k8s.io/kube-openapi handler3.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/member/served_api.h"

namespace pedia::member {

// One thread at a time (the World's lock). Where some document is recorded, only what is recorded
// and what CustomResourceDefinitions add is served; else every group version has a document.
class ServedOpenApi {
 public:
  struct Document {
    std::string json;
    std::string hash;  // SHA-512 of `json` in hexadecimal, as kube-apiserver has it; "": the index.
  };

  explicit ServedOpenApi(const ServedApi& api) : api_(api) {}

  void Set(const std::string& path, std::string json);  // "apis/apps/v1"
  void ApiChanged();
  // Of a valid CustomResourceDefinition that was loaded, put or deleted. What is loaded is in the
  // recorded document, if there is one.
  void LoadDefinition(std::string_view crd);
  void PutDefinition(std::string_view crd);
  void RemoveDefinition(std::string_view crd);

  // At "/openapi/v3", "/openapi/v3/apis/apps/v1", "/openapi/v2". Nothing: no such path.
  std::optional<Document> Find(std::string_view url) const;

 private:
  void Define(std::string_view crd, bool exists);
  std::set<std::string> Paths() const;
  const Document& Built(const std::string& path) const;
  std::string Index() const;
  const Document& Version2() const;  // All in one document.

  const ServedApi& api_;
  std::map<std::string, std::string> recorded_;
  // What CustomResourceDefinitions say, by path and kind: {"plural":..., "schema":...}; without a
  // schema: not any more.
  std::map<std::string, std::map<std::string, std::string>> schemas_;
  mutable std::map<std::string, Document> built_;
  mutable std::optional<Document> version2_;
};

}  // namespace pedia::member
