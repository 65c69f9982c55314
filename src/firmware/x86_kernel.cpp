// SPDX-License-Identifier: Apache-2.0
#include "firmware/x86_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bits.h"
#include "firmware/file_kind.h"
#include "firmware/little_endian.h"

namespace kelvin::firmware {

namespace {

constexpr u64 kHeadSize = 4096;
constexpr u64 kMaxSegments = 64;     // real kernels have five; a hostile file's could be 65535
constexpr u64 kMaxNotes = 64 << 10;  // bytes
constexpr u32 kLoad = 1;
constexpr u32 kNote = 4;
constexpr u16 kMachine386 = 3;
constexpr u16 kMachineX86_64 = 62;
/// XEN_ELFNOTE_PHYS32_ENTRY (Xen's public/elfnote.h).
constexpr u32 kPvhEntry = 18;

struct ProgramHeader {
    u32 type;
    u64 offset;
    u64 file_size;
    u64 address;  // physical
    u64 memory_size;
};

// The two layouts of ELF's headers (gABI 4, figures 4-3 and 5-1).
struct Elf32 {
    static constexpr u64 kHeader = 52;
    static constexpr u64 kEntry = 32;
    static u64 table(std::span<const u8> head) { return load_le<u32>(head, 28); }
    static u16 entry_size(std::span<const u8> head) { return load_le<u16>(head, 42); }
    static u16 count(std::span<const u8> head) { return load_le<u16>(head, 44); }
    static ProgramHeader read(std::span<const u8> at) {
        return {load_le<u32>(at, 0), load_le<u32>(at, 4), load_le<u32>(at, 16), load_le<u32>(at, 12),
                load_le<u32>(at, 20)};
    }
};
struct Elf64 {
    static constexpr u64 kHeader = 64;
    static constexpr u64 kEntry = 56;
    static u64 table(std::span<const u8> head) { return load_le<u64>(head, 32); }
    static u16 entry_size(std::span<const u8> head) { return load_le<u16>(head, 54); }
    static u16 count(std::span<const u8> head) { return load_le<u16>(head, 56); }
    static ProgramHeader read(std::span<const u8> at) {
        return {load_le<u32>(at, 0), load_le<u64>(at, 8), load_le<u64>(at, 32), load_le<u64>(at, 24),
                load_le<u64>(at, 40)};
    }
};

// boot.rst: the setup header.
constexpr u64 kSetupHeader = 0x1f1;
constexpr u64 kSetupSectors = 0x1f1;
constexpr u64 kHeaderMagic = 0x202;  // "HdrS"
constexpr u64 kHeaderEnd = 0x201;    // how many bytes behind 0x202 the header goes on
constexpr u64 kProtocol = 0x206;
constexpr u64 kLoadFlags = 0x211;
constexpr u64 kInitrdMax = 0x22c;
constexpr u64 kCommandLineSize = 0x238;
constexpr u64 kPreferredAddress = 0x258;
constexpr u64 kInitSize = 0x260;
constexpr u32 kMagic = 0x53726448;
constexpr u16 kOldestProtocol = 0x206;
constexpr u16 kWithInitSize = 0x20a;
constexpr u8 kLoadedHigh = 1;
constexpr u64 kHighAddress = 0x100000;
constexpr u64 kSector = 512;

const char* const kAccepted = "accepted are Linux's bzImage (protocol 2.06 and later) and an x86 ELF with a PVH entry";

}  // namespace

Result<X86Kernel> X86Kernel::open(const std::string& path) {
    X86Kernel kernel(KELVIN_TRY(InputFile::open("kernel", path)));
    KELVIN_TRY(kernel.examine());
    return kernel;
}

Error X86Kernel::not_accepted(std::span<const u8> head) const {
    const FileKind kind = identify_file(head);
    const std::string found = kind.what.empty() ? "unknown data (" + hex_start(head) + ")" : kind.what;
    return user_error(fmt::format("{} is {}, not an x86 kernel", file_.name(), found), kAccepted);
}

Error X86Kernel::damaged(const std::string& what) const {
    return user_error(fmt::format("{} is damaged: {}", file_.name(), what), "fetch the file again");
}

Result<> X86Kernel::examine() {
    std::vector<u8> head(std::min(kHeadSize, file_.size()));
    KELVIN_TRY(file_.read(0, head));
    head.resize(kHeadSize);
    constexpr u8 kElf[] = {0x7f, 'E', 'L', 'F'};
    if (std::ranges::equal(kElf, std::span(head).first(4))) {
        const u16 machine = load_le<u16>(head, 18);
        if (machine != kMachine386 && machine != kMachineX86_64) {
            return not_accepted(head);
        }
        return head[4] == 2 ? examine_elf<Elf64>(head) : examine_elf<Elf32>(head);
    }
    return load_le<u32>(head, kHeaderMagic) == kMagic ? examine_linux(head) : not_accepted(head);
}

template <class Layout>
Result<> X86Kernel::examine_elf(std::span<const u8> head) {
    const u16 count = Layout::count(head);
    if (Layout::entry_size(head) != Layout::kEntry || count == 0 || count > kMaxSegments) {
        return damaged(fmt::format("it has {} program headers of {} bytes", count, Layout::entry_size(head)));
    }
    std::vector<u8> table(count * Layout::kEntry);
    const u64 at = Layout::table(head);
    if (at > file_.size() || file_.size() - at < table.size()) {
        return damaged("its program headers lie behind its end");
    }
    KELVIN_TRY(file_.read(at, table));
    for (u64 index = 0; index < count; ++index) {
        const ProgramHeader each = Layout::read(std::span(table).subspan(index * Layout::kEntry, Layout::kEntry));
        const bool shrinks = each.type == kLoad && each.memory_size < each.file_size;
        if (each.offset > file_.size() || file_.size() - each.offset < each.file_size || shrinks) {
            return damaged(fmt::format("segment {} lies behind its end", index));
        }
        if (each.type == kLoad && each.memory_size != 0) {
            segments_.push_back({each.offset, each.file_size, Gpa{each.address}, each.memory_size});
        } else if (each.type == kNote) {
            KELVIN_TRY(find_entry(each.offset, each.file_size));
        }
    }
    if (!has_entry_ || segments_.empty()) {
        return user_error(fmt::format("{} is an x86 ELF without a PVH entry", file_.name()),
                          std::string("Linux has one with CONFIG_PVH=y\n  ") + kAccepted);
    }
    return ok();
}

/// Notes are a name's size, a description's, a type, and both, each filled up to 4 bytes (gABI 5).
Result<> X86Kernel::find_entry(u64 offset, u64 size) {
    std::vector<u8> notes(std::min(size, kMaxNotes));
    KELVIN_TRY(file_.read(offset, notes));
    constexpr u64 kNoteHeader = 12;
    for (u64 at = 0; at + kNoteHeader <= notes.size();) {
        const u64 name = align_up(u64{load_le<u32>(notes, at)}, 4);
        const u64 description = align_up(u64{load_le<u32>(notes, at + 4)}, 4);
        const u64 content = at + kNoteHeader + name;
        if (content + description > notes.size()) {
            return ok();
        }
        constexpr u8 kXen[] = {'X', 'e', 'n', 0};
        const bool is_xen = name == 4 && std::ranges::equal(kXen, std::span(notes).subspan(at + kNoteHeader, 4));
        if (is_xen && load_le<u32>(notes, at + 8) == kPvhEntry && description >= 4) {
            entry_ = Gpa{load_le<u32>(notes, content)};
            has_entry_ = true;
        }
        at = content + description;
    }
    return ok();
}

Result<> X86Kernel::examine_linux(std::span<const u8> head) {
    format_ = X86KernelFormat::linux;
    const u16 protocol = load_le<u16>(head, kProtocol);
    if (protocol < kOldestProtocol || (head[kLoadFlags] & kLoadedHigh) == 0) {
        return user_error(
            fmt::format("{} speaks Linux's boot protocol {}.{:02}", file_.name(), protocol >> 8, protocol & 0xff),
            kAccepted);
    }
    const u64 sectors = head[kSetupSectors] == 0 ? 4 : head[kSetupSectors];
    const u64 setup = (sectors + 1) * kSector;
    if (setup >= file_.size()) {
        return damaged("it ends within its setup code");
    }
    const u64 header_end = std::min<u64>(kHeaderMagic + head[kHeaderEnd], 0x290);
    setup_header_.assign(head.begin() + kSetupHeader, head.begin() + static_cast<ptrdiff_t>(header_end));
    const u64 size = file_.size() - setup;
    const bool says_size = protocol >= kWithInitSize;
    const u64 needs = says_size ? std::max<u64>(size, load_le<u32>(head, kInitSize)) : size;
    entry_ = Gpa{kHighAddress};
    segments_.push_back({setup, size, entry_, needs});
    if (says_size) {
        // It unpacks itself to where it prefers to be, which is not where it lies.
        const u64 preferred = load_le<u64>(head, kPreferredAddress);
        segments_.back().memory_size =
            std::max(needs, preferred + load_le<u32>(head, kInitSize) - std::min(preferred, kHighAddress));
    }
    return ok();
}

u64 X86Kernel::max_arguments() const {
    constexpr u64 kPvhLimit = 4095;  // no protocol says; Linux takes 2047
    return setup_header_.empty() ? kPvhLimit : load_le<u32>(setup_header_, kCommandLineSize - kSetupHeader);
}

u64 X86Kernel::max_initrd_address() const {
    constexpr u64 kBelow4G = 0xffff'ffff;
    return setup_header_.empty() ? kBelow4G : load_le<u32>(setup_header_, kInitrdMax - kSetupHeader);
}

Result<LoadedX86Kernel> X86Kernel::load(RamView ram) const {
    LoadedX86Kernel loaded{entry_, segments_.front().address, {}};
    for (const Segment& segment : segments_) {
        if (!ram.contains(segment.address, segment.memory_size)) {
            return user_error(fmt::format("{} needs {} at {:#x}; the memory there ends at {:#x}", file_.name(),
                                          format_size(segment.memory_size), segment.address.value, ram.end().value),
                              "give the machine more memory: -m");
        }
        const std::span<u8> target = ram.slice(segment.address, segment.memory_size);
        KELVIN_TRY(file_.read(segment.file_offset, target.first(segment.file_size)));
        // Of bzImage the rest is room, which Linux does not expect to be zero.
        if (format_ == X86KernelFormat::pvh) {
            std::ranges::fill(target.subspan(segment.file_size), u8{0});
        }
        loaded.start = std::min(loaded.start, segment.address);
        loaded.end = std::max(loaded.end, segment.address + segment.memory_size);
    }
    return loaded;
}

}  // namespace kelvin::firmware
