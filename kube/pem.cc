#include "kube/pem.h"

#include <functional>
#include <optional>
#include <string>

#include "meta/base64.h"

namespace pedia::kube {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

struct Block {
  std::string_view label;  // "CERTIFICATE"
  std::string_view body;
};

// The next block, which is cut off `*rest`; nothing if it is broken off.
std::optional<Block> NextBlock(std::string_view* rest) {
  const size_t begin = rest->find(kBegin) + kBegin.size();
  const size_t label_end = rest->find(kDashes, begin);
  if (label_end == std::string_view::npos) return std::nullopt;
  Block block{rest->substr(begin, label_end - begin), {}};
  const size_t body = label_end + kDashes.size();
  const std::string end = std::string(kEnd) + std::string(block.label) + std::string(kDashes);
  const size_t body_end = rest->find(end, body);
  if (body_end == std::string_view::npos) return std::nullopt;
  block.body = rest->substr(body, body_end - body);
  rest->remove_prefix(body_end + end.size());
  return block;
}

// Whether the body is base64 of a DER SEQUENCE. Older keys have header lines ("DEK-Info: ...")
// before an empty line.
bool IsDer(std::string_view body) {
  std::string text;
  for (const char c : body) {
    if (c != ' ' && c != '\t') text.push_back(c);
  }
  const auto der = DecodeBase64(text);
  return der && der->size() > 8 && der->front() == 0x30;
}

// Counts the blocks that `wanted` takes.
Result<size_t> CountBlocks(std::string_view pem,
                           const std::function<bool(std::string_view label)>& wanted) {
  size_t count = 0;
  while (pem.find(kBegin) != std::string_view::npos) {
    const std::optional<Block> block = NextBlock(&pem);
    if (!block) return BadRequest("is not well-formed PEM: a block has no end");
    if (!wanted(block->label)) continue;
    if (!IsDer(block->body))
      return BadRequest("is not well-formed PEM: a block is not base64 of DER");
    ++count;
  }
  return count;
}

}  // namespace

Status CheckCertificatePem(std::string_view pem) {
  const Result<size_t> count = CountBlocks(pem, [](std::string_view label) {
    return label == "CERTIFICATE" || label == "TRUSTED CERTIFICATE";
  });
  if (!count.ok()) return count.status();
  return *count > 0 ? Status() : BadRequest("is not PEM: no certificate in it");
}

Status CheckPrivateKeyPem(std::string_view pem) {
  if (pem.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos ||
      pem.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos) {
    return BadRequest("is an encrypted key; there is nobody to ask for its passphrase");
  }
  const Result<size_t> count = CountBlocks(pem, [](std::string_view label) {
    return label == "PRIVATE KEY" || label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY";
  });
  if (!count.ok()) return count.status();
  return *count > 0 ? Status() : BadRequest("is not PEM: no private key in it");
}

}  // namespace pedia::kube
