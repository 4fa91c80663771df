#include "apiserver/gzip_writer.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "meta/guarded.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

// The window refers to earlier calls, so any slicing gives the same member; this one keeps the
// lengths within 32 bits.
constexpr size_t kSliceBytes = 1 << 20;
constexpr size_t kOutputBytes = 32 * 1024;

}  // namespace

struct GzipWriter::State {
  isal_zstream stream;
  std::array<uint8_t, ISAL_DEF_LVL1_DEFAULT> level_buffer;
  std::array<uint8_t, kOutputBytes> output;

  void Reset() {
    isal_deflate_init(&stream);
    stream.level = 1;
    stream.level_buf = level_buffer.data();
    stream.level_buf_size = static_cast<uint32_t>(level_buffer.size());
    stream.gzip_flag = IGZIP_GZIP;
    stream.flush = NO_FLUSH;
  }
};

class GzipWriter::Pool {
 public:
  // Never destroyed: a writer may end later than the statics.
  static Pool& Instance() {
    static Pool* const pool = new Pool;
    return *pool;
  }
  std::unique_ptr<State> Take() {
    std::unique_ptr<State> state;
    const bool allowed = shelf_.With([&](Shelf& shelf) {
      if (shelf.in_use == kMaxWriters) return false;
      ++shelf.in_use;
      if (!shelf.idle.empty()) {
        state = std::move(shelf.idle.back());
        shelf.idle.pop_back();
      }
      return true;
    });
    if (allowed && !state) state.reset(new State);  // Not make_unique, which would clear 400 KB.
    return state;
  }
  void Return(std::unique_ptr<State> state) {
    shelf_.With([&](Shelf& shelf) {
      --shelf.in_use;
      shelf.idle.push_back(std::move(state));
    });
  }

 private:
  struct Shelf {
    size_t in_use = 0;
    std::vector<std::unique_ptr<State>> idle;  // The last used last: it is warm.
  };
  Guarded<Shelf> shelf_;
};

std::unique_ptr<GzipWriter> GzipWriter::TryMake() {
  std::unique_ptr<State> state = Pool::Instance().Take();
  if (!state) return nullptr;
  return std::unique_ptr<GzipWriter>(new GzipWriter(std::move(state)));
}

GzipWriter::GzipWriter(std::unique_ptr<State> state) : state_(std::move(state)) { state_->Reset(); }

GzipWriter::~GzipWriter() { Pool::Instance().Return(std::move(state_)); }

void GzipWriter::Write(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const std::string_view slice = bytes.substr(0, kSliceBytes);
    bytes.remove_prefix(slice.size());
    Compress(slice, false, out);
  }
}

void GzipWriter::Finish(std::string& out) { Compress({}, true, out); }

void GzipWriter::Compress(std::string_view bytes, bool end, std::string& out) {
  isal_zstream& stream = state_->stream;
  // ISA-L only reads its input, though its field is not const.
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uint32_t>(bytes.size());
  stream.end_of_stream = end ? 1 : 0;
  do {
    stream.next_out = state_->output.data();
    stream.avail_out = static_cast<uint32_t>(state_->output.size());
    if (const int failure = isal_deflate(&stream); failure != COMP_OK) {
      LogError("isal_deflate failed with " + std::to_string(failure));  // Only for wrong settings.
      return;
    }
    out.append(reinterpret_cast<const char*>(state_->output.data()),
               state_->output.size() - stream.avail_out);
  } while (stream.avail_out == 0);
}

}  // namespace pedia::apiserver
