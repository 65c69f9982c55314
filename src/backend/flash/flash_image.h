// SPDX-License-Identifier: Apache-2.0
// What the host keeps of a bank of flash.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

/// Told when a write has ended. Any thread, also before FlashImage::write() returns.
class FlashWriteObserver {
  public:
    virtual ~FlashWriteObserver() = default;
    /// 0, or the errno of why the bytes are not kept.
    virtual void flash_written(int error) = 0;
};

class FlashImage {
  public:
    virtual ~FlashImage() = default;

    /// "pflash1 'VARS.fd'": how messages about the image begin.
    virtual std::string name() const = 0;
    virtual u64 size() const = 0;
    virtual bool read_only() const = 0;
    /// Fills the first size() bytes of `out`, which is zeroed; what the image has no data for is not touched.
    virtual Result<> read(std::span<u8> out) const = 0;
    /// Keeps `bytes`, which do not change until `observer` is told; no other write begins before that. What it was told
    /// of survives the end of this process, however that comes.
    virtual void write(u64 offset, std::span<const u8> bytes, FlashWriteObserver& observer) = 0;
};

}  // namespace kelvin::backend
