// SPDX-License-Identifier: Apache-2.0
// A 2D resource of a virtio GPU (virtio 1.2, 5.7.6.8): pixels in the host, and guest memory that they are copied from.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "device/virtio_gpu/protocol.h"
#include "memory/dma.h"

namespace kelvin::device::gpu {

/// How the four bytes of a pixel are its colours.
struct Format {
    u32 number;  ///< enum virtio_gpu_formats
    u8 red;      ///< shifts of a little-endian word
    u8 green;
    u8 blue;
    std::optional<u8> alpha;
};
/// Null: there is none of that number.
const Format* find_format(u32 number);

/// A run of guest memory.
struct Piece {
    u64 address = 0;
    u32 length = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("address", address);
        visit("length", length);
    }
};

/// Pixels that are not all zero.
struct Part {
    u64 offset = 0;
    std::vector<u8> bytes;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("offset", offset);
        visit("bytes", bytes);
    }
};

struct ResourceState {
    u32 id = 0;
    u32 format = 0;
    u32 width = 0;
    u32 height = 0;
    std::vector<Piece> pieces;
    std::vector<Part> parts;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id);
        visit("format", format);
        visit("width", width);
        visit("height", height);
        visit("pieces", pieces);
        visit("parts", parts);
    }
};

class Resource {
  public:
    static constexpr u32 kPixelSize = 4;
    /// No screen is wider or higher; what one takes in the host can be counted in 64 bits.
    static constexpr u32 kMostSide = 16384;
    /// As many pages as a screen of 4096 by 4096 has. More is a guest that makes the host keep and search long lists.
    static constexpr u32 kMostPieces = 16384;

    static bool may_be(u32 width, u32 height) {
        return width != 0 && height != 0 && width <= kMostSide && height <= kMostSide;
    }
    /// Of the host's memory, with what keeping the resource takes.
    static u64 cost(u32 width, u32 height) { return kOwnCost + u64{width} * height * kPixelSize; }
    static u64 cost_of_pieces(std::size_t count) { return count * sizeof(Run); }

    /// may_be(width, height); black.
    Resource(const Format& format, u32 width, u32 height);

    u32 width() const { return width_; }
    u32 height() const { return height_; }
    u64 cost() const { return cost(width_, height_) + cost_of_pieces(runs_.size()); }

    bool has_backing() const { return !runs_.empty(); }
    /// False, and nothing attached, unless each of them is RAM.
    bool attach(const memory::Dma& dma, std::span<const Piece> pieces);
    void detach();

    /// Copies rows whose first begins `offset` bytes into the guest's memory, where rows are as long as the resource's.
    /// False if they do not all lie there. `place` lies in the resource.
    bool transfer(const memory::Dma& dma, const Rectangle& place, u64 offset);

    /// 0xAARRGGBB each, row by row; `place` lies in the resource, `out` has its size.
    void read(const Rectangle& place, std::span<u32> out) const;

    ResourceState save(u32 id) const;
    /// The pixels of a resource that is made like the saved one.
    Result<> load_pixels(const std::vector<Part>& parts);

  private:
    struct Run {
        u64 start;  // in all of the guest's memory that is attached
        Piece piece;
    };
    /// Of an entry in the table of resources: a guest that makes very many of one pixel each.
    static constexpr u64 kOwnCost = 256;
    static constexpr u64 kPartSize = 4096;

    bool copy_in(const memory::Dma& dma, u64 offset, std::span<u8> out) const;

    const Format* format_;
    u32 width_;
    u32 height_;
    std::vector<u8> pixels_;
    std::vector<Run> runs_;
    u64 backing_size_ = 0;
};

}  // namespace kelvin::device::gpu
