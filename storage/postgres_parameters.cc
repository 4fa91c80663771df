#include "storage/postgres_parameters.h"

namespace pedia::storage {
namespace {

constexpr unsigned kInt8Array = 1016;
constexpr unsigned kByteaArray = 1001;
constexpr int kBinary = 1;

template <typename Unsigned>
void AppendBigEndian(Unsigned value, std::string* out) {
  char bytes[sizeof(Unsigned)];
  for (size_t i = sizeof(Unsigned); i-- > 0; value = static_cast<Unsigned>(value >> 8))
    bytes[i] = static_cast<char>(value & 0xff);
  out->append(bytes, sizeof(bytes));
}

std::array<char, 8> NumberBytes(int64_t value) {
  std::array<char, 8> bytes;
  auto rest = static_cast<uint64_t>(value);
  for (size_t i = bytes.size(); i-- > 0; rest >>= 8) bytes[i] = static_cast<char>(rest & 0xff);
  return bytes;
}

std::string_view BytesOf(const SqlParameter& value) {
  if (const auto* text = std::get_if<TextView>(&value)) return text->bytes;
  return std::get<BlobView>(value).bytes;
}

}  // namespace

void AppendInt16(int16_t value, std::string* out) {
  AppendBigEndian(static_cast<uint16_t>(value), out);
}

void AppendInt32(int32_t value, std::string* out) {
  AppendBigEndian(static_cast<uint32_t>(value), out);
}

void AppendInt64(int64_t value, std::string* out) {
  AppendBigEndian(static_cast<uint64_t>(value), out);
}

void AppendField(const SqlParameter& value, std::string* out) {
  if (std::holds_alternative<std::monostate>(value)) {
    AppendInt32(-1, out);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    AppendInt32(8, out);
    AppendInt64(*number, out);
  } else {
    const std::string_view bytes = BytesOf(value);
    AppendInt32(static_cast<int32_t>(bytes.size()), out);
    out->append(bytes);
  }
}

PostgresParameters::PostgresParameters(std::span<const SqlParameter> values) {
  numbers_.reserve(values.size());  // They do not move.
  for (const SqlParameter& value : values) {
    if (std::holds_alternative<std::monostate>(value)) {
      Add(0, nullptr, 0);
    } else if (const auto* number = std::get_if<int64_t>(&value)) {
      numbers_.push_back(NumberBytes(*number));
      Add(kPostgresInt8, numbers_.back().data(), 8);
    } else {
      const std::string_view bytes = BytesOf(value);
      Add(kPostgresBytea, bytes.data() == nullptr ? "" : bytes.data(), bytes.size());
    }
  }
}

void PostgresParameters::AddColumn(ColumnType type, std::span<const SqlParameter> rows,
                                   size_t column, size_t width) {
  const bool number = type == ColumnType::kInt;
  std::string array;
  AppendInt32(1, &array);  // Dimensions.
  AppendInt32(1, &array);  // There may be NULLs.
  AppendInt32(static_cast<int32_t>(number ? kPostgresInt8 : kPostgresBytea), &array);
  AppendInt32(static_cast<int32_t>(rows.size() / width), &array);
  AppendInt32(1, &array);  // The first index.
  for (size_t i = column; i < rows.size(); i += width) AppendField(rows[i], &array);
  arrays_.push_back(std::move(array));
  Add(number ? kInt8Array : kByteaArray, arrays_.back().data(), arrays_.back().size());
}

void PostgresParameters::Add(unsigned type, const char* data, size_t size) {
  types_.push_back(type);
  values_.push_back(data);
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(kBinary);
}

}  // namespace pedia::storage
