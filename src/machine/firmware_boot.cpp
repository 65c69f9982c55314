// SPDX-License-Identifier: Apache-2.0
#include "machine/firmware_boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "firmware/byte_writer.h"
#include "firmware/device_tree.h"
#include "machine/virt_arm64_map.h"

namespace kelvin::machine {

namespace {

// Items of fw_cfg that a kernel for the firmware is in. Sizes are 32-bit, little-endian.
constexpr u16 kKernelSize = 0x08;
constexpr u16 kInitrdSize = 0x0b;
constexpr u16 kKernelData = 0x11;
constexpr u16 kInitrdData = 0x12;
constexpr u16 kArgumentsSize = 0x14;
constexpr u16 kArgumentsData = 0x15;

std::vector<u8> little_endian(u64 size) {
    std::vector<u8> bytes;
    for (unsigned n = 0; n < 4; ++n) {
        bytes.push_back(static_cast<u8>(size >> (8 * n)));
    }
    return bytes;
}

Result<> give(device::FwCfg& config, const std::string& name, u16 size_key, u16 data_key, std::vector<u8> bytes) {
    if (bytes.size() > 0xffffffff) {
        return user_error(fmt::format("{} is larger than 4 GiB", name), "firmware cannot be handed so much");
    }
    config.set(size_key, little_endian(bytes.size()));
    config.set(data_key, std::move(bytes));
    return ok();
}

}  // namespace

/// What edk2's QemuBootOrderLib and SeaBIOS read: an item of 16 bits, and a file of as many.
Result<> describe_menu(device::FwCfg& config, const FirmwareMenu& menu) {
    constexpr u16 kMenu = 0x0e;
    config.set(kMenu, {static_cast<u8>(menu.shown), 0});
    if (!menu.wait_ms) {
        return ok();
    }
    firmware::ByteWriter wait;
    wait.put16(*menu.wait_ms);
    return config.add_file("etc/boot-menu-wait", wait.take());
}

Result<FirmwareBoot> FirmwareBoot::open(const BootFiles& files) {
    FirmwareBoot boot(files);
    if (!files.kernel.empty()) {
        boot.kernel_ = KELVIN_TRY(firmware::EfiProgram::open(files.kernel));
    }
    if (!files.initrd.empty()) {
        boot.initrd_ = KELVIN_TRY(firmware::InputFile::open("initrd", files.initrd));
    }
    for (const auto& [given, what] : {std::pair{&files.initrd, "-initrd"}, {&files.arguments, "-append"}}) {
        if (files.kernel.empty() && !given->empty()) {
            return user_error(fmt::format("{} without a kernel has no effect", what), "-kernel FILE names the kernel");
        }
    }
    return boot;
}

Result<> FirmwareBoot::describe(device::FwCfg& config) const {
    if (!kernel_) {
        return ok();
    }
    std::vector<u8> program = KELVIN_TRY(kernel_->content());
    KELVIN_TRY(give(config, kernel_->name(), kKernelSize, kKernelData, std::move(program)));
    if (initrd_) {
        std::vector<u8> bytes(initrd_->size());
        KELVIN_TRY(initrd_->read(0, bytes));
        KELVIN_TRY(give(config, initrd_->name(), kInitrdSize, kInitrdData, std::move(bytes)));
    }
    std::vector<u8> text(files_.arguments.begin(), files_.arguments.end());
    text.push_back(0);
    return give(config, "-append", kArgumentsSize, kArgumentsData, std::move(text));
}

Result<BootEntry> FirmwareBoot::load(firmware::RamView ram, const Arm64Boot::MakeDeviceTree& make_device_tree) const {
    BootFacts facts;
    if (!files_.arguments.empty()) {
        facts.arguments = files_.arguments;
    }
    const std::vector<u8> tree = files_.device_tree.empty()
                                     ? KELVIN_TRY(make_device_tree(facts))
                                     : KELVIN_TRY(firmware::load_device_tree(
                                           files_.device_tree, {facts.arguments, 0, 0, ram.base.value, ram.size()}));
    if (tree.size() > ram.size()) {
        return user_error(fmt::format("the device tree ({}) does not fit into {} of memory",
                                      firmware::format_size(tree.size()), firmware::format_size(ram.size())),
                          "give the machine more memory: -m");
    }
    std::ranges::copy(tree, ram.bytes.begin());
    return BootEntry{virt::kFlash0.base.value, 0};
}

}  // namespace kelvin::machine
