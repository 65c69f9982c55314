// SPDX-License-Identifier: Apache-2.0
// What a driver of a virtio GPU says, and what it is told (virtio 1.2, 5.7.6). All numbers are little-endian.
#pragma once

#include <array>

#include "base/types.h"

namespace kelvin::device::gpu {

/// enum virtio_gpu_ctrl_type, requests (5.7.6.7).
enum class Command : u32 {
    get_display_info = 0x0100,
    resource_create_2d = 0x0101,
    resource_unref = 0x0102,
    set_scanout = 0x0103,
    resource_flush = 0x0104,
    transfer_to_host_2d = 0x0105,
    resource_attach_backing = 0x0106,
    resource_detach_backing = 0x0107,
    get_edid = 0x010a,
    update_cursor = 0x0300,
    move_cursor = 0x0301,
};

/// The same, answers.
enum class Answer : u32 {
    ok_no_data = 0x1100,
    ok_display_info = 0x1101,
    ok_edid = 0x1104,
    unspecified = 0x1200,
    out_of_memory = 0x1201,
    invalid_scanout_id = 0x1202,
    invalid_resource_id = 0x1203,
    invalid_parameter = 0x1205,
};

/// struct virtio_gpu_ctrl_hdr: every request and every answer begins with it.
struct Header {
    static constexpr u32 kFence = 1;

    u32 type = 0;
    u32 flags = 0;
    u64 fence_id = 0;
    u32 ctx_id = 0;
    u32 ring_idx_and_padding = 0;
};
static_assert(sizeof(Header) == 24);

struct Rectangle {
    u32 x = 0;
    u32 y = 0;
    u32 width = 0;
    u32 height = 0;

    bool is_empty() const { return width == 0 || height == 0; }
    bool lies_in(u32 whole_width, u32 whole_height) const {
        return u64{x} + width <= whole_width && u64{y} + height <= whole_height;
    }

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("x", x);
        visit("y", y);
        visit("width", width);
        visit("height", height);
    }
};

// What follows the header, by command.

struct GetEdid {
    u32 scanout = 0;
    u32 padding = 0;
};

struct ResourceCreate2d {
    u32 resource = 0;
    u32 format = 0;
    u32 width = 0;
    u32 height = 0;
};

/// RESOURCE_UNREF and RESOURCE_DETACH_BACKING.
struct OfResource {
    u32 resource = 0;
    u32 padding = 0;
};

struct SetScanout {
    Rectangle place;
    u32 scanout = 0;
    u32 resource = 0;
};

struct ResourceFlush {
    Rectangle place;
    u32 resource = 0;
    u32 padding = 0;
};

struct TransferToHost2d {
    Rectangle place;
    u64 offset = 0;
    u32 resource = 0;
    u32 padding = 0;
};

/// `count` entries follow.
struct AttachBacking {
    u32 resource = 0;
    u32 count = 0;
};

/// struct virtio_gpu_mem_entry.
struct MemoryEntry {
    u64 address = 0;
    u32 length = 0;
    u32 padding = 0;
};

/// UPDATE_CURSOR and MOVE_CURSOR.
struct CursorCommand {
    u32 scanout = 0;
    u32 x = 0;
    u32 y = 0;
    u32 padding = 0;
    u32 resource = 0;
    u32 hot_x = 0;
    u32 hot_y = 0;
    u32 padding_behind = 0;
};

// What follows the header of an answer.

struct DisplayInfo {
    static constexpr u32 kMostScanouts = 16;
    struct One {
        Rectangle place;
        u32 enabled = 0;
        u32 flags = 0;
    };
    std::array<One, kMostScanouts> scanouts;
};
static_assert(sizeof(DisplayInfo) == 384);

struct Edid {
    u32 size = 0;
    u32 padding = 0;
    std::array<u8, 1024> bytes{};
};
static_assert(sizeof(Edid) == 1032);

/// struct virtio_gpu_config (5.7.4).
struct Config {
    static constexpr u32 kEventDisplay = 1;
    static constexpr u32 kEventsClear = 4;  ///< where it is

    u32 events_read = 0;
    u32 events_clear = 0;
    u32 scanouts = 1;
    u32 capability_sets = 0;
};
static_assert(sizeof(Config) == 16);

}  // namespace kelvin::device::gpu
