// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/compression.h"

#include <zlib.h>
#include <zstd.h>

namespace kelvin::block::qcow2 {

namespace {

constexpr int kWindowBits = -12;  // negative: no zlib header

bool unpack_deflate(std::span<const u8> input, std::span<u8> output) {
    z_stream stream{};
    // zlib's interface takes no const; it does not write there.
    stream.next_in = const_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    if (inflateInit2(&stream, kWindowBits) != Z_OK) {
        return false;
    }
    const int status = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return stream.avail_out == 0 && (status == Z_STREAM_END || status == Z_BUF_ERROR || status == Z_OK);
}

bool unpack_zstd(std::span<const u8> input, std::span<u8> output) {
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    bool goes_on = context != nullptr;
    while (goes_on && out.pos < out.size) {
        const size_t before = in.pos + out.pos;
        const size_t status = ZSTD_decompressStream(context, &out, &in);
        goes_on = ZSTD_isError(status) == 0 && in.pos + out.pos != before;
    }
    ZSTD_freeDCtx(context);
    return out.pos == out.size;
}

}  // namespace

bool unpack(Compression type, std::span<const u8> input, std::span<u8> output) {
    return type == Compression::zlib ? unpack_deflate(input, output) : unpack_zstd(input, output);
}

std::vector<u8> pack(Compression type, std::span<const u8> input) {
    std::vector<u8> output(input.size());
    if (type == Compression::zstd) {
        const size_t size = ZSTD_compress(output.data(), output.size(), input.data(), input.size(), 3);
        output.resize(ZSTD_isError(size) != 0 || size >= input.size() ? 0 : size);
        return output;
    }
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowBits, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        return {};
    }
    stream.next_in = const_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = output.data();
    stream.avail_out = static_cast<uInt>(output.size());
    const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out > 0;
    output.resize(whole ? output.size() - stream.avail_out : 0);
    deflateEnd(&stream);
    return output;
}

}  // namespace kelvin::block::qcow2
