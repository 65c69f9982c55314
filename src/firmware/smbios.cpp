// SPDX-License-Identifier: Apache-2.0
#include "firmware/smbios.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "firmware/byte_writer.h"

namespace kelvin::firmware {

namespace {

constexpr std::string_view kMaker = "QEMU";  // what guests know such machines by
constexpr std::string_view kProduct = "QEMU Virtual Machine";
constexpr u16 kNone = 0xfffe;
constexpr u16 kMegahertz = 2000;
constexpr u64 kModule = u64{16} << 30;  // the largest memory module
constexpr u64 kKibi = 1024;
constexpr u64 kMebi = kKibi * kKibi;

/// 6.1: numbers, then texts that the numbers refer to, counted from 1.
class Structure {
  public:
    Structure(u8 type, u16 handle) : type_(type) { numbers.put8(type).put8(0).put16(handle); }

    ByteWriter numbers;

    /// The number of `text`: 0 if it is empty.
    u8 add(std::string_view text) {
        if (text.empty()) {
            return 0;
        }
        texts_.text(text, text.size() + 1);
        return ++count_;
    }
    /// The next number refers to `text`.
    Structure& text(std::string_view text) {
        numbers.put8(add(text));
        return *this;
    }
    Structure& text(const std::optional<std::string>& given, std::string_view otherwise = {}) {
        return text(given ? std::string_view(*given) : otherwise);
    }
    u8 type() const { return type_; }
    std::vector<u8> finish() {
        std::vector<u8> bytes = numbers.take();
        bytes[1] = static_cast<u8>(bytes.size());
        const std::vector<u8>& texts = texts_.content();
        bytes.insert(bytes.end(), texts.begin(), texts.end());
        bytes.resize(bytes.size() + (texts.empty() ? 2 : 1));
        return bytes;
    }

  private:
    u8 type_;
    ByteWriter texts_;
    u8 count_ = 0;
};

void put_uuid(Structure& to, const Uuid& uuid) {
    // 7.2.1: the first three fields are little-endian.
    constexpr std::array<u8, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (const u8 from : kOrder) {
        to.numbers.put8(uuid[from]);
    }
}

Result<Structure> firmware_structure(const SmbiosFirmware& given) {
    constexpr u64 kUnsupported = 1 << 3;
    constexpr u8 kUefi = 1 << 3;
    constexpr u8 kVirtualMachine = 1 << 4;
    u8 major = 0;
    u8 minor = 0;
    if (given.release) {
        const std::string& text = *given.release;
        const char* const end = text.data() + text.size();
        const auto first = std::from_chars(text.data(), end, major);
        const bool dotted = first.ec == std::errc() && first.ptr != end && *first.ptr == '.';
        const auto second = dotted ? std::from_chars(first.ptr + 1, end, minor) : first;
        if (!dotted || second.ec != std::errc() || second.ptr != end) {
            return user_error(fmt::format("-smbios type=0: release '{}' is not MAJOR.MINOR", text),
                              "both are numbers up to 255");
        }
    }
    Structure made(0, 0x0000);
    made.text(given.vendor).text(given.version);
    made.numbers.put16(0);
    made.text(given.date);
    made.numbers.put8(0).put64(kUnsupported).put8(0).put8(kVirtualMachine | (given.uefi ? kUefi : 0));
    made.numbers.put8(major).put8(minor).put8(0xff).put8(0xff);
    return made;
}

Result<Structure> system_structure(const Smbios& machine) {
    constexpr u8 kPowerSwitch = 6;  // what has woken it
    const SmbiosSystem& given = machine.system;
    Uuid uuid = machine.uuid.value_or(Uuid{});
    if (given.uuid) {
        uuid = KELVIN_TRY(parse_uuid(*given.uuid));
    }
    Structure made(1, 0x0100);
    made.text(given.manufacturer, kMaker).text(given.product, kProduct).text(given.version, machine.machine_version);
    made.text(given.serial);
    put_uuid(made, uuid);
    made.numbers.put8(kPowerSwitch);
    made.text(given.sku).text(given.family);
    return made;
}

Structure board_structure(const SmbiosBoard& given, const Smbios& machine) {
    constexpr u8 kHosting = 1;
    constexpr u8 kMotherboard = 0x0a;
    Structure made(2, 0x0200);
    made.text(given.manufacturer, kMaker).text(given.product).text(given.version, machine.machine_version);
    made.text(given.serial).text(given.asset);
    made.numbers.put8(kHosting);
    made.text(given.location);
    made.numbers.put16(0x0300).put8(kMotherboard).put8(0);
    return made;
}

Structure chassis_structure(const Smbios& machine) {
    constexpr u8 kOther = 1;
    constexpr u8 kSafe = 3;
    constexpr u8 kUnknown = 2;
    const SmbiosChassis& given = machine.chassis;
    Structure made(3, 0x0300);
    made.text(given.manufacturer, kMaker);
    made.numbers.put8(kOther);
    made.text(given.version, machine.machine_version).text(given.serial).text(given.asset);
    made.numbers.put8(kSafe).put8(kSafe).put8(kSafe).put8(kUnknown).put32(0).put8(0).put8(0).put8(0).put8(0);
    made.text(given.sku);
    return made;
}

Structure processor_structure(const Smbios& machine, unsigned socket) {
    constexpr u8 kCentral = 3;
    constexpr u8 kFamilyElsewhere = 0xfe;
    constexpr u16 kArmv8 = 0x101;
    constexpr u8 kPopulated = 0x41;
    constexpr u8 kNoUpgrade = 6;
    constexpr u16 kHas64Bits = 1 << 2;
    const SmbiosProcessor& given = machine.processor;
    const unsigned cores = machine.cores_per_socket;
    const unsigned threads = cores * machine.threads_per_core;
    const auto short_count = [](unsigned count) { return static_cast<u8>(std::min(count, 0xffU)); };
    Structure made(4, static_cast<u16>(0x0400 + socket));
    made.text(std::string_view(fmt::format("{} {}", given.sock_pfx.value_or("CPU"), socket)));
    made.numbers.put8(kCentral).put8(kFamilyElsewhere);
    made.text(given.manufacturer, kMaker);
    made.numbers.put64(0);
    made.text(given.version, machine.machine_version);
    made.numbers.put8(0).put16(0).put16(given.max_speed.value_or(kMegahertz));
    made.numbers.put16(given.current_speed.value_or(kMegahertz)).put8(kPopulated).put8(kNoUpgrade);
    made.numbers.put16(0xffff).put16(0xffff).put16(0xffff);  // no caches
    made.text(given.serial).text(given.asset).text(given.part);
    made.numbers.put8(short_count(cores)).put8(short_count(cores)).put8(short_count(threads)).put16(kHas64Bits);
    made.numbers.put16(kArmv8).put16(static_cast<u16>(cores)).put16(static_cast<u16>(cores));
    made.numbers.put16(static_cast<u16>(threads));
    return made;
}

Structure texts_structure(const std::vector<std::string>& texts) {
    Structure made(11, 0x0b00);
    made.numbers.put8(static_cast<u8>(texts.size()));
    for (const std::string& text : texts) {
        made.add(text);
    }
    return made;
}

Structure array_structure(u64 size, unsigned modules) {
    constexpr u32 kElsewhere = 0x80000000;
    const u64 kibi = size / kKibi;
    Structure made(16, 0x1000);
    made.numbers.put8(1 /* location: other */).put8(3 /* system memory */).put8(6 /* multi-bit ECC */);
    made.numbers.put32(kibi < kElsewhere ? static_cast<u32>(kibi) : kElsewhere).put16(kNone);
    made.numbers.put16(static_cast<u16>(modules)).put64(kibi < kElsewhere ? 0 : size);
    return made;
}

Structure module_structure(const SmbiosMemory& given, unsigned number, u64 size) {
    constexpr u16 kUnknown = 0xffff;
    constexpr u8 kDimm = 9;
    constexpr u8 kRam = 7;
    constexpr u64 kElsewhere = 0x7fff;
    const u64 mebi = size / kMebi;
    Structure made(17, static_cast<u16>(0x1100 + number));
    made.numbers.put16(0x1000).put16(kNone).put16(kUnknown).put16(kUnknown);
    made.numbers.put16(static_cast<u16>(std::min(mebi, kElsewhere))).put8(kDimm).put8(0);
    made.text(std::string_view(fmt::format("{} {}", given.loc_pfx.value_or("DIMM"), number))).text(given.bank);
    made.numbers.put8(kRam).put16(1 << 1 /* other */).put16(given.speed.value_or(0));
    made.text(given.manufacturer, kMaker).text(given.serial).text(given.asset).text(given.part);
    made.numbers.put8(0).put32(mebi < kElsewhere ? 0 : static_cast<u32>(mebi)).put16(given.speed.value_or(0));
    made.numbers.put16(0).put16(0).put16(0);
    return made;
}

Structure mapping_structure(u64 base, u64 size, unsigned modules) {
    const u64 first = base / kKibi;
    const u64 last = (base + size - 1) / kKibi;
    const bool fits = last < 0xffffffff;
    Structure made(19, 0x1300);
    made.numbers.put32(fits ? static_cast<u32>(first) : 0xffffffff).put32(fits ? static_cast<u32>(last) : 0xffffffff);
    made.numbers.put16(0x1000).put8(static_cast<u8>(std::min(modules, 0xffU)));
    made.numbers.put64(fits ? 0 : base).put64(fits ? 0 : base + size - 1);
    return made;
}

/// Structures one after the other.
class Tables {
  public:
    explicit Tables(const std::vector<std::vector<u8>>& whole) : whole_(whole) {
        for (const std::vector<u8>& structure : whole) {
            append(structure);
        }
    }
    /// Unless the user has brought one of its type.
    void add(Structure structure) {
        const u8 type = structure.type();
        if (std::ranges::none_of(whole_, [&](const auto& other) { return other.front() == type; })) {
            append(structure.finish());
        }
    }
    std::vector<u8> take() { return std::move(bytes_); }

  private:
    void append(const std::vector<u8>& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

    const std::vector<std::vector<u8>>& whole_;
    std::vector<u8> bytes_;
};

/// 5.2.2. The tables' address is firmware's to fill in.
std::vector<u8> anchor_of(std::size_t size) {
    ByteWriter anchor;
    anchor.text("_SM3_", 5).put8(0).put8(24).put8(3).put8(0).put8(0).put8(1).put8(0);
    anchor.put32(static_cast<u32>(size)).put64(0);
    std::vector<u8> bytes = anchor.take();
    bytes[5] = static_cast<u8>(-std::accumulate(bytes.begin(), bytes.end(), 0));
    return bytes;
}

void add_memory(Tables& tables, const Smbios& machine) {
    const auto modules = static_cast<unsigned>((machine.ram_size + kModule - 1) / kModule);
    tables.add(array_structure(machine.ram_size, modules));
    for (unsigned number = 0; number < modules; ++number) {
        tables.add(module_structure(machine.memory, number, std::min(kModule, machine.ram_size - number * kModule)));
    }
    tables.add(mapping_structure(machine.ram_base, machine.ram_size, modules));
}

}  // namespace

Result<Uuid> parse_uuid(const std::string& text) {
    constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const Error error = user_error(fmt::format("'{}' is no UUID", text),
                                   "one looks like 12345678-1234-5678-9abc-def012345678; `uuidgen` makes them");
    if (text.size() != kShape.size()) {
        return error;
    }
    Uuid uuid{};
    std::size_t byte = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (kShape[at] == '-') {
            if (text[at++] != '-') {
                return error;
            }
            continue;
        }
        const char* const end = text.data() + at + 2;
        const auto [stop, code] = std::from_chars(text.data() + at, end, uuid.at(byte++), 16);
        if (code != std::errc() || stop != end) {
            return error;
        }
        at += 2;
    }
    return uuid;
}

Result<> check_smbios_structure(const std::vector<u8>& bytes) {
    const std::size_t size = bytes.size() >= 4 ? bytes[1] : 0;
    if (size < 4 || bytes.size() < size + 2) {
        return user_error("it is shorter than the length in its header, or than a header",
                          "it must be one SMBIOS structure, with its texts");
    }
    const std::array<u8, 2> end = {0, 0};
    const auto texts = bytes.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::search(texts, bytes.end(), end.begin(), end.end()) != bytes.end() - 2) {
        return user_error("its texts do not end where the file does", "two zeros end them, and nothing follows");
    }
    return ok();
}

Result<SmbiosFiles> build_smbios(const Smbios& machine) {
    constexpr std::size_t kMostTexts = 255;
    if (machine.texts.size() > kMostTexts) {
        return user_error(fmt::format("-smbios type=11 has {} values", machine.texts.size()), "there can be 255");
    }
    Tables tables(machine.whole);
    if (machine.firmware) {
        tables.add(KELVIN_TRY(firmware_structure(*machine.firmware)));
    }
    tables.add(KELVIN_TRY(system_structure(machine)));
    if (machine.board) {
        tables.add(board_structure(*machine.board, machine));
    }
    tables.add(chassis_structure(machine));
    for (unsigned socket = 0; socket < machine.sockets; ++socket) {
        tables.add(processor_structure(machine, socket));
    }
    if (!machine.texts.empty()) {
        tables.add(texts_structure(machine.texts));
    }
    add_memory(tables, machine);
    Structure status(32, 0x2000);  // 7.33: no errors at the last start
    status.numbers.zeros(7);
    tables.add(std::move(status));
    tables.add(Structure(127, 0x7f00));
    SmbiosFiles files;
    files.tables = tables.take();
    files.anchor = anchor_of(files.tables.size());
    return files;
}

}  // namespace kelvin::firmware
