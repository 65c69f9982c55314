// SPDX-License-Identifier: Apache-2.0
// What users say of an ATA disk or CD drive.
#pragma once

#include <optional>
#include <string>

#include "backend/block/block_device.h"
#include "bus/device_type.h"

namespace kelvin::device {

struct AtaOptions {
    std::string drive;
    std::optional<u32> unit;
    std::string serial;
    std::string model;
    std::string ver = "2.5+";
    std::optional<i32> bootindex;
    u64 wwn = 0;
    u16 rotation_rate = 0;
    u32 logical_block_size = 512;
    u32 physical_block_size = 512;
    bool share_rw = false;
    state::OnOffAuto write_cache = state::OnOffAuto::automatic;
    backend::ErrorPolicy on_error;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("drive", drive, "the -drive or -blockdev that holds its data");
        visit("unit", unit, "which drive on its cable: 0 or 1; a free one if left out");
        visit("serial", serial, "its serial number, 20 characters at most");
        visit("model", model, "its name, 40 characters at most");
        visit("ver", ver, "its firmware's version, 8 characters at most");
        visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
        visit("wwn", wwn, "its world-wide name");
        visit("rotation_rate", rotation_rate, "turns a minute; 1: it does not turn");
        visit("logical_block_size", logical_block_size, "512 bytes");
        visit("physical_block_size", physical_block_size, "bytes, 512 to 32768");
        visit("share-rw", share_rw, "accepted, without effect");
        visit("write-cache", write_cache, "whether writes are cached at first");
        on_error.fields(visit);
    }
    Result<> check() const;
};

}  // namespace kelvin::device
