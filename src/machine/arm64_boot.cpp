// SPDX-License-Identifier: Apache-2.0
#include "machine/arm64_boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bits.h"
#include "firmware/device_tree.h"
#include "firmware/initrd.h"

namespace kelvin::machine {

namespace {

/// The initrd leaves the kernel room to grow, but not more than half of a small memory. Measured on QEMU 10.0.2.
constexpr u64 kInitrdOffset = u64{128} << 20;
constexpr u64 kPage = 4096;
/// Linux maps a 2 MiB section for the tree (booting.rst: it must not cross a 2 MiB boundary).
constexpr u64 kTreeAlignment = 0x200000;

}  // namespace

Result<Arm64Boot> Arm64Boot::open(const BootFiles& files) {
    if (files.kernel.empty()) {
        for (const auto& [given, what] : {std::pair{&files.initrd, "-initrd"}, {&files.arguments, "-append"}}) {
            if (!given->empty()) {
                return user_error(fmt::format("{} without a kernel has no effect", what),
                                  "-kernel FILE names the kernel");
            }
        }
        return user_error("there is nothing to run: neither a kernel nor firmware was given",
                          "-kernel FILE names a kernel, -bios AAVMF_CODE.fd firmware (Debian's package "
                          "qemu-efi-aarch64)");
    }
    Arm64Boot boot(KELVIN_TRY(firmware::KernelImage::open(files.kernel)), files);
    if (!files.initrd.empty()) {
        boot.initrd_ = KELVIN_TRY(firmware::InputFile::open("initrd", files.initrd));
    }
    return boot;
}

Result<BootEntry> Arm64Boot::load(firmware::RamView ram, const MakeDeviceTree& make_device_tree) const {
    const firmware::LoadedKernel kernel = KELVIN_TRY(kernel_.load(ram));
    const Gpa usual = ram.base + std::min(ram.size() / 2, kInitrdOffset);
    Gpa behind = std::max(usual, Gpa{align_up(kernel.end.value, kPage)});
    BootFacts facts;
    if (initrd_) {
        KELVIN_TRY(firmware::load_initrd(*initrd_, ram, behind, ram.end()));
        facts.initrd_start = behind.value;
        facts.initrd_end = behind.value + initrd_->size();
        behind = Gpa{facts.initrd_end};
    }
    if (!files_.arguments.empty()) {
        facts.arguments = files_.arguments;
    }
    const u64 tree = KELVIN_TRY(load_device_tree(ram, kernel, facts, behind.value, make_device_tree));
    return BootEntry{kernel.entry.value, tree};
}

Result<u64> Arm64Boot::load_device_tree(firmware::RamView ram, const firmware::LoadedKernel& kernel,
                                        const BootFacts& facts, u64 behind,
                                        const MakeDeviceTree& make_device_tree) const {
    std::vector<u8> tree;
    if (files_.device_tree.empty()) {
        tree = KELVIN_TRY(make_device_tree(facts));
    } else {
        tree = KELVIN_TRY(firmware::load_device_tree(
            files_.device_tree, {facts.arguments, facts.initrd_start, facts.initrd_end, ram.base.value, ram.size()}));
    }
    Gpa at = {align_up(behind, kTreeAlignment)};
    // Programs that are not Linux look for the tree at the bottom of RAM, if they leave room there.
    if (!kernel.linux_protocol && kernel.start - ram.base >= tree.size()) {
        at = ram.base;
    }
    if (!ram.contains(at, tree.size())) {
        if (!kernel.linux_protocol) {
            return u64{0};
        }
        return user_error(fmt::format("the device tree ({}) does not fit behind kernel and initrd into {} of memory",
                                      firmware::format_size(tree.size()), firmware::format_size(ram.size())),
                          "give the machine more memory: -m");
    }
    std::ranges::copy(tree, ram.slice(at, tree.size()).begin());
    return at.value;
}

}  // namespace kelvin::machine
