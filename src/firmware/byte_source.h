// SPDX-License-Identifier: Apache-2.0
// A stream of bytes out of a file: as it is, or decompressed on the way.
#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "base/types.h"
#include "firmware/input_file.h"

namespace kelvin::firmware {

class ByteSource {
  public:
    virtual ~ByteSource() = default;
    /// Fills as much of `out` as the stream still has and returns how much; less than out.size() means the end.
    virtual Result<u64> read(std::span<u8> out) = 0;
};

/// [offset, offset + size) of `file`, which must outlive the source.
std::unique_ptr<ByteSource> plain_source(const InputFile& file, u64 offset, u64 size);

/// The gzip member at [offset, offset + size) of `file`, decompressed; a damaged or cut member is an error.
/// `file` must outlive the source.
std::unique_ptr<ByteSource> gzip_source(const InputFile& file, u64 offset, u64 size);

}  // namespace kelvin::firmware
