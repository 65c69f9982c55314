// SPDX-License-Identifier: Apache-2.0
#include "firmware/byte_source.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

namespace kelvin::firmware {

namespace {

class PlainSource final : public ByteSource {
  public:
    PlainSource(const InputFile& file, u64 offset, u64 size) : file_(file), position_(offset), left_(size) {}

    Result<u64> read(std::span<u8> out) override {
        const u64 count = std::min<u64>(out.size(), left_);
        KELVIN_TRY(file_.read(position_, out.first(count)));
        position_ += count;
        left_ -= count;
        return count;
    }

  private:
    const InputFile& file_;
    u64 position_;
    u64 left_;
};

class GzipSource final : public ByteSource {
  public:
    GzipSource(const InputFile& file, u64 offset, u64 size)
        : file_(file), position_(offset), left_(size), input_(kInputSize) {
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        usable_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
    }
    ~GzipSource() override { inflateEnd(&stream_); }
    GzipSource(const GzipSource&) = delete;
    GzipSource& operator=(const GzipSource&) = delete;

    Result<u64> read(std::span<u8> out) override {
        if (!usable_) {
            return host_error("cannot start zlib for " + file_.name(), ENOMEM);
        }
        u64 done = 0;
        while (done < out.size() && !ended_) {
            if (stream_.avail_in == 0) {
                KELVIN_TRY(refill());
            }
            const u64 room = std::min<u64>(out.size() - done, kInputSize * 64);
            stream_.next_out = out.data() + done;
            stream_.avail_out = static_cast<uInt>(room);
            const int status = inflate(&stream_, Z_NO_FLUSH);
            done += room - stream_.avail_out;
            if (status == Z_STREAM_END) {
                ended_ = true;
            } else if (status != Z_OK) {
                return damaged(stream_.msg != nullptr ? stream_.msg : "inflate failed");
            }
        }
        return done;
    }

  private:
    static constexpr u64 kInputSize = 256 * 1024;

    Result<> refill() {
        if (left_ == 0) {
            return damaged("it ends too early");
        }
        const u64 count = std::min<u64>(left_, input_.size());
        KELVIN_TRY(file_.read(position_, std::span(input_).first(count)));
        position_ += count;
        left_ -= count;
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<uInt>(count);
        return ok();
    }

    Error damaged(const char* why) const {
        return user_error(fmt::format("{}: the gzip data is damaged near byte {}: {}", file_.name(),
                                      position_ - stream_.avail_in, why),
                          "was its download interrupted? `gzip -t` tells");
    }

    const InputFile& file_;
    u64 position_;
    u64 left_;
    std::vector<u8> input_;
    z_stream stream_{};
    bool usable_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> plain_source(const InputFile& file, u64 offset, u64 size) {
    return std::make_unique<PlainSource>(file, offset, size);
}

std::unique_ptr<ByteSource> gzip_source(const InputFile& file, u64 offset, u64 size) {
    return std::make_unique<GzipSource>(file, offset, size);
}

}  // namespace kelvin::firmware
