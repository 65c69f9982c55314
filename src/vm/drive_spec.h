// SPDX-License-Identifier: Apache-2.0
// A disk as the user describes it.
#pragma once

#include <optional>
#include <string>

#include "backend/block/graph/node_options.h"
#include "state/option_types.h"

namespace kelvin::vm {

/// What a drive is plugged into.
enum class DriveInterface : u8 {
    none,    ///< nothing: a -device names it
    virtio,  ///< a virtio-blk-pci of its own
    pflash,  ///< a bank of the board's flash
    ide,     ///< an ide-hd or ide-cd on a bus of the board's
};
enum class ImageFormat : u8 { raw, qcow2 };
enum class CacheMode : u8 { writeback, none, writethrough, directsync, unsafe };
using AioMode = block::AioMode;
using DiscardMode = block::DiscardMode;
using DetectZeroesMode = block::DetectZeroes;
using OnError = backend::OnError;
enum class Media : u8 { disk, cdrom };

std::span<const state::EnumName<DriveInterface>> enum_names(DriveInterface);
std::span<const state::EnumName<ImageFormat>> enum_names(ImageFormat);
std::span<const state::EnumName<CacheMode>> enum_names(CacheMode);
std::span<const state::EnumName<Media>> enum_names(Media);
template <class E>
requires requires(E value) {
    enum_names(value);
}
std::string_view enum_type_name(E) {
    return "str";
}

struct DriveSpec {
    std::string id;
    std::string file;
    std::optional<ImageFormat> format;
    std::optional<DriveInterface> interface;  ///< none: what the board's drives are usually
    std::optional<u32> index;                 ///< of all places for such drives; or
    std::optional<u32> bus;
    std::optional<u32> unit;
    bool readonly = false;
    CacheMode cache = CacheMode::writeback;
    AioMode aio = AioMode::automatic;
    DiscardMode discard = DiscardMode::unmap;
    DetectZeroesMode detect_zeroes = DetectZeroesMode::off;
    Media media = Media::disk;
    std::string serial;
    backend::ErrorPolicy on_error;
    bool locking = true;
    std::optional<bool> snapshot;  ///< what the guest writes is forgotten at the end
    state::Json file_options;      ///< of the node that holds the image, besides `file`; null: none
    state::Json node;              ///< all of the disk's node, as -blockdev says it; null: what the rest says
    bool named_alone = false;      ///< the user gave nothing but a file: its name and its content say what it is

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the drive's name");
        visit("file", file, "the image");
        visit("format", format, "raw or qcow2");
        visit("if", interface, "none, virtio, ide or pflash");
        visit("index", index, "which of the board's places for IDE drives, from 0");
        visit("bus", bus, "or which IDE bus");
        visit("unit", unit, "of an IDE bus; of flash: 0 is the firmware, 1 its variables");
        visit("readonly", readonly, "the guest cannot write");
        visit("cache", cache, "writeback, none, writethrough, directsync, unsafe");
        visit("aio", aio, "threads or io_uring");
        visit("discard", discard, "unmap gives the host back what the guest discards; ignore does not");
        visit("detect-zeroes", detect_zeroes, "on writes zeroes without their bytes, unmap frees them");
        visit("media", media, "disk or cdrom");
        visit("serial", serial, "the disk's serial number");
        on_error.fields(visit);
        visit("snapshot", snapshot, "what the guest writes is forgotten at the end");
        visit("locking", locking, "off lets another process use the image at the same time");
    }
};

}  // namespace kelvin::vm
