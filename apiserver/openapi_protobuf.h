// A swagger 2.0 document in the protobuf form that kubectl before 1.27 asks for.
// Source: Protocol Buffers encoding; openapi.v2.Document of gnostic.
#pragma once
#include <string>
#include <string_view>

namespace pedia::apiserver {

// `swagger`: JSON; what openapi_v2_model.h does not know of it, or is of another type, is left out.
// One scan, no DOM. Pure.
std::string OpenApiV2ToProtobuf(std::string_view swagger);

}  // namespace pedia::apiserver
