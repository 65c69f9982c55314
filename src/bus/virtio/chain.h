// SPDX-License-Identifier: Apache-2.0
// A request as the driver put it into a ring: buffers to read, then buffers to write (virtio 1.2, 2.6.4).
#pragma once

#include <sys/uio.h>

#include <span>
#include <vector>

#include "base/types.h"
#include "memory/dma.h"

namespace kelvin::bus::virtio {

/// Checked as a whole before a device sees it: every buffer is RAM, none is empty of address, buffers to read come
/// first. The descriptors were copied once; the bytes of the buffers remain the guest's to change. Keep and reuse the
/// object: it allocates only when it grows.
class Chain {
  public:
    /// More buffers than any driver asks for: what bounds a request's bookkeeping in the host.
    static constexpr unsigned kMaxBuffers = 1024;

    u64 readable_size() const { return readable_size_; }
    u64 writable_size() const { return writable_size_; }

    /// Copies bytes of the part to read, counted from its beginning; false, and nothing copied, unless all are there.
    bool read(u64 offset, std::span<u8> out) const;
    /// Copies into the part to write; false, and nothing copied, unless all has room.
    bool write(u64 offset, std::span<const u8> data) const;
    /// Zeroes `size` bytes of the part to write.
    bool fill_zero(u64 offset, u64 size) const;

    /// Appends the pieces that bytes `offset` to `offset + size` are in, for a system call; false if there are not that
    /// many.
    bool readable_pieces(u64 offset, u64 size, std::vector<iovec>& out) const;
    bool writable_pieces(u64 offset, u64 size, std::vector<iovec>& out) const;

    /// Calls visit(Gpa, u64 size) for each buffer of the part to write, in its order.
    template <class Visit>
    void for_each_writable(Visit visit) const {
        for (const Buffer& buffer : writable()) {
            visit(buffer.address, buffer.ram.size());
        }
    }

    /// Tells the machine that the first `size` bytes of the part to write were written.
    void announce(const memory::Dma& dma, u64 size) const;

    // For rings:
    void clear();
    /// False if it does not belong behind what is there, is not RAM, or is one too many.
    bool add(const memory::Dma& dma, Gpa address, u32 length, bool writable);
    u16 id = 0;           ///< names it in the ring
    u16 descriptors = 0;  ///< places that it takes in a packed ring

  private:
    struct Buffer {
        Gpa address;
        memory::RamSlice ram;
    };
    std::span<const Buffer> readable() const { return std::span(buffers_).first(readable_count_); }
    std::span<const Buffer> writable() const { return std::span(buffers_).subspan(readable_count_); }

    template <class Visit>
    static void for_each_piece(std::span<const Buffer> buffers, u64 offset, u64 size, Visit visit);
    static bool pieces(std::span<const Buffer> buffers, u64 total, u64 offset, u64 size, std::vector<iovec>& out);

    std::vector<Buffer> buffers_;
    std::size_t readable_count_ = 0;
    u64 readable_size_ = 0;
    u64 writable_size_ = 0;
};

/// A chain that goes back to the driver, the first `written` bytes of whose part to write were written.
struct Returned {
    const Chain* chain = nullptr;
    u32 written = 0;
};

}  // namespace kelvin::bus::virtio
