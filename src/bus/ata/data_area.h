// SPDX-License-Identifier: Apache-2.0
// Where a command's data comes from or goes to: runs of guest RAM, or a buffer that a processor fills and empties.
#pragma once

#include <sys/uio.h>

#include <span>
#include <vector>

#include "memory/dma.h"

namespace kelvin::bus::ata {

/// Keep and reuse the object: it allocates only when it grows.
class DataArea {
  public:
    void clear();
    /// False, and nothing added, unless the range is RAM.
    bool add(const memory::Dma& dma, u64 address, u64 size);
    /// `buffer` outlives the use of the area.
    void add_buffer(std::span<u8> buffer);

    u64 size() const { return size_; }
    /// False, and nothing copied, unless the area is that long.
    bool write(u64 offset, std::span<const u8> data) const;
    bool read(u64 offset, std::span<u8> data) const;
    bool pieces(u64 size, std::vector<iovec>& out) const;
    /// Tells the machine that the first `size` bytes were written.
    void announce(const memory::Dma& dma, u64 size) const;

  private:
    struct Run {
        u64 address = 0;
        memory::RamSlice slice;
        bool is_guest = false;
    };
    /// Calls visit(slice, offset in it, bytes) for each part of the range.
    template <class Visit>
    void each(u64 offset, u64 size, Visit&& visit) const;
    bool holds(u64 offset, u64 size) const { return offset <= size_ && size <= size_ - offset; }

    std::vector<Run> runs_;
    u64 size_ = 0;
};

}  // namespace kelvin::bus::ata
