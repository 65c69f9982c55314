// SPDX-License-Identifier: Apache-2.0
#include "device/ata_drive/drive_options.h"

#include <fmt/format.h>

#include <bit>

namespace kelvin::device {

namespace {

Result<> check_length(const char* name, const std::string& text, std::size_t most) {
    return text.size() <= most
               ? ok()
               : Result<>(user_error(fmt::format("{}={} is longer than {} characters", name, text, most)));
}

}  // namespace

Result<> AtaOptions::check() const {
    if (logical_block_size != 512) {
        return user_error(
            fmt::format("logical_block_size={}: the sectors of these drives have 512 bytes", logical_block_size),
            "leave it out; virtio-blk-pci, scsi-hd and nvme have other sizes");
    }
    if (!std::has_single_bit(physical_block_size) || physical_block_size < 512 || physical_block_size > 32768) {
        return user_error(
            fmt::format("physical_block_size={} is not a power of two from 512 to 32768", physical_block_size));
    }
    KELVIN_TRY(check_length("serial", serial, 20));
    KELVIN_TRY(check_length("model", model, 40));
    return check_length("ver", ver, 8);
}

}  // namespace kelvin::device
