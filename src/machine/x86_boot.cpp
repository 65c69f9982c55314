// SPDX-License-Identifier: Apache-2.0
#include "machine/x86_boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bits.h"
#include "firmware/byte_writer.h"
#include "firmware/initrd.h"

namespace kelvin::machine {

namespace {

constexpr u64 kPage = 4096;

// In conventional memory, where kernels begin with nothing of theirs.
constexpr Gpa kInformation{0x6000};  // of one page
constexpr Gpa kArguments{0x20000};
constexpr Gpa kLowEnd{0x9fc00};

struct Facts {
    u64 arguments_size = 0;  ///< with the zero behind it; 0: none
    u64 initrd = 0;
    u64 initrd_size = 0;
    u64 acpi = 0;
};

/// struct hvm_start_info, its one module and its memory map (Xen's public/arch-x86/hvm/start_info.h), version 1.
std::vector<u8> start_info(const Facts& facts, const std::vector<MemoryRange>& map) {
    constexpr u32 kMagic = 0x336e'c578;
    constexpr u64 kSize = 56;
    constexpr u64 kModuleSize = 32;
    const u32 modules = facts.initrd_size != 0 ? 1 : 0;
    const u64 module_list = kInformation.value + kSize;
    firmware::ByteWriter info;
    info.put32(kMagic).put32(1).put32(0).put32(modules);
    info.put64(modules != 0 ? module_list : 0)
        .put64(facts.arguments_size != 0 ? kArguments.value : 0)
        .put64(facts.acpi);
    info.put64(module_list + kModuleSize).put32(static_cast<u32>(map.size())).put32(0);
    info.put64(facts.initrd).put64(facts.initrd_size).put64(0).put64(0);
    for (const MemoryRange& range : map) {
        info.put64(range.base).put64(range.size).put32(static_cast<u32>(range.kind)).put32(0);
    }
    return info.take();
}

/// struct boot_params (Documentation/arch/x86/zero-page.rst).
std::vector<u8> boot_parameters(std::span<const u8> setup_header, const Facts& facts,
                                const std::vector<MemoryRange>& map) {
    constexpr u64 kE820Count = 0x1e8;
    constexpr u64 kSetupHeader = 0x1f1;
    constexpr u64 kVideoMode = 0x1fa;
    constexpr u64 kLoader = 0x210;
    constexpr u64 kInitrd = 0x218;
    constexpr u64 kInitrdSize = 0x21c;
    constexpr u64 kCommandLine = 0x228;
    constexpr u64 kE820 = 0x2d0;
    constexpr u64 kAcpi = 0x070;
    constexpr u8 kUnknownLoader = 0xff;
    std::vector<u8> page(kPage);
    const auto put = [&](u64 offset, u64 value, unsigned size) {
        for (unsigned index = 0; index < size; ++index) {
            page.at(offset + index) = static_cast<u8>(value >> index * 8);
        }
    };
    std::ranges::copy(setup_header, page.begin() + kSetupHeader);
    put(kVideoMode, 0xffff, 2);  // "normal"
    put(kLoader, kUnknownLoader, 1);
    put(kInitrd, facts.initrd, 4);
    put(kInitrdSize, facts.initrd_size, 4);
    put(kCommandLine, facts.arguments_size != 0 ? kArguments.value : 0, 4);
    put(kAcpi, facts.acpi, 8);
    put(kE820Count, map.size(), 1);
    u64 at = kE820;
    for (const MemoryRange& range : map) {
        put(at, range.base, 8);
        put(at + 8, range.size, 8);
        put(at + 16, static_cast<u32>(range.kind), 4);
        at += 20;
    }
    return page;
}

}  // namespace

Result<X86Boot> X86Boot::open(const BootFiles& files) {
    if (files.kernel.empty()) {
        return user_error("there is nothing to run: no kernel was given", "-kernel FILE names one");
    }
    if (!files.device_tree.empty()) {
        return user_error(fmt::format("-dtb '{}': an x86 machine has no device tree", files.device_tree),
                          "leave it out");
    }
    X86Boot boot(KELVIN_TRY(firmware::X86Kernel::open(files.kernel)), files);
    if (!files.initrd.empty()) {
        boot.initrd_ = KELVIN_TRY(firmware::InputFile::open("initrd", files.initrd));
    }
    return boot;
}

Result<BootEntry> X86Boot::load(firmware::RamView ram, const std::vector<MemoryRange>& map, u64 acpi,
                                const std::string& more_arguments) const {
    const firmware::LoadedX86Kernel kernel = KELVIN_TRY(kernel_.load(ram));
    Facts facts;
    facts.acpi = acpi;
    std::string arguments = files_.arguments;
    arguments += (arguments.empty() || more_arguments.empty() ? "" : " ") + more_arguments;
    if (arguments.size() > std::min(kernel_.max_arguments(), kLowEnd - kArguments - 1)) {
        return user_error(fmt::format("the kernel takes {} characters of command line; it has {}",
                                      kernel_.max_arguments(), arguments.size()),
                          "make -append shorter");
    }
    if (!arguments.empty()) {
        facts.arguments_size = arguments.size() + 1;
        const std::span<u8> target = ram.slice(kArguments, facts.arguments_size);
        std::ranges::copy(arguments, target.begin());
        target.back() = 0;
    }
    if (initrd_) {
        // As high as it goes, so that the kernel has room below it.
        const u64 limit = std::min(ram.end().value, kernel_.max_initrd_address() + 1);
        const u64 size = align_up(initrd_->size(), kPage);
        const u64 at =
            size < limit ? std::max(align_down(limit - size, kPage), align_up(kernel.end.value, kPage)) : limit;
        KELVIN_TRY(firmware::load_initrd(*initrd_, ram, Gpa{at}, Gpa{limit}));
        facts.initrd = at;
        facts.initrd_size = initrd_->size();
    }
    const bool is_pvh = kernel_.format() == firmware::X86KernelFormat::pvh;
    const std::vector<u8> information =
        is_pvh ? start_info(facts, map) : boot_parameters(kernel_.setup_header(), facts, map);
    KELVIN_ASSERT(information.size() <= kPage);
    std::ranges::copy(information, ram.slice(kInformation, information.size()).begin());
    return BootEntry{kernel.entry.value, kInformation.value};
}

}  // namespace kelvin::machine
