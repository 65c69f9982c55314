// SPDX-License-Identifier: Apache-2.0
// Where a command's data lies: PRP entries and scatter gather lists as runs of RAM.
#pragma once

#include <sys/uio.h>

#include <span>
#include <vector>

#include "device/nvme/spec.h"
#include "memory/dma.h"

namespace kelvin::device::nvme {

/// Checked as a whole before anything is moved. Keep and reuse the object: it allocates only when it grows.
class Transfer {
  public:
    /// The `length` bytes that `command` points to, by PRPs of pages of `page_size` or by SGLs (4.3, 4.4).
    Status map(const memory::Dma& dma, const Command& command, u64 page_size, u64 length);
    void clear();

    std::span<const iovec> pieces() const { return pieces_; }
    /// From the beginning; both sides of one size at most.
    void copy_in(u64 offset, std::span<u8> out) const;
    void copy_out(const memory::Dma& dma, std::span<const u8> data) const;
    /// Tells the machine that all of it was written.
    void announce(const memory::Dma& dma) const;

  private:
    struct Run {
        Gpa address;
        u64 size = 0;
    };
    Status map_prps(const memory::Dma& dma, u64 prp1, u64 prp2, u64 page_size, u64 length);
    Status map_prp_list(const memory::Dma& dma, u64 list, u64 page_size, u64 length);
    Status map_sgl(const memory::Dma& dma, std::span<const u8, 16> first, u64 length);
    void add(u64 address, u64 size);
    Status find_ram(const memory::Dma& dma);

    std::vector<Run> runs_;
    std::vector<memory::RamSlice> slices_;  // of the runs
    std::vector<iovec> pieces_;             // likewise
};

}  // namespace kelvin::device::nvme
