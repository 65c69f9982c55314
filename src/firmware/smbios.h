// SPDX-License-Identifier: Apache-2.0
// What the machine says it is (DMTF DSP0134, System Management BIOS 3.0): tables that guests show as the maker's name,
// serial numbers and the like.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::firmware {

/// As its text is written: the first byte leftmost.
using Uuid = std::array<u8, 16>;
/// "12345678-1234-5678-9abc-def012345678".
Result<Uuid> parse_uuid(const std::string& text);

// What users may say of a structure; fields that are left out are the machine's own.

/// 7.1, type 0.
struct SmbiosFirmware {
    std::optional<std::string> vendor, version, date, release;
    bool uefi = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("vendor", vendor, "the firmware's maker");
        visit("version", version, "its version");
        visit("date", date, "its date, mm/dd/yyyy");
        visit("release", release, "its release, MAJOR.MINOR");
        visit("uefi", uefi, "it is UEFI");
    }
};

/// 7.2, type 1.
struct SmbiosSystem {
    std::optional<std::string> manufacturer, product, version, serial, uuid, sku, family;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("manufacturer", manufacturer, "the machine's maker");
        visit("product", product, "what the machine is called");
        visit("version", version, "its version");
        visit("serial", serial, "its serial number");
        visit("uuid", uuid, "its identifier; -uuid is the same");
        visit("sku", sku, "what it is sold as");
        visit("family", family, "what it belongs to");
    }
};

/// 7.3, type 2.
struct SmbiosBoard {
    std::optional<std::string> manufacturer, product, version, serial, asset, location;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("manufacturer", manufacturer, "the main board's maker");
        visit("product", product, "what the board is called");
        visit("version", version, "its version");
        visit("serial", serial, "its serial number");
        visit("asset", asset, "its owner's number for it");
        visit("location", location, "where in the chassis it is");
    }
};

/// 7.4, type 3.
struct SmbiosChassis {
    std::optional<std::string> manufacturer, version, serial, asset, sku;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("manufacturer", manufacturer, "the chassis' maker");
        visit("version", version, "its version");
        visit("serial", serial, "its serial number");
        visit("asset", asset, "its owner's number for it");
        visit("sku", sku, "what it is sold as");
    }
};

/// 7.5, type 4: of each socket.
struct SmbiosProcessor {
    std::optional<std::string> sock_pfx, manufacturer, version, serial, asset, part;
    std::optional<u16> max_speed, current_speed;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("sock_pfx", sock_pfx, "what sockets are called, before their number");
        visit("manufacturer", manufacturer, "the processor's maker");
        visit("version", version, "what it is called");
        visit("serial", serial, "its serial number");
        visit("asset", asset, "its owner's number for it");
        visit("part", part, "its maker's number for it");
        visit("max-speed", max_speed, "MHz");
        visit("current-speed", current_speed, "MHz");
    }
};

/// 7.12, type 11.
struct SmbiosTexts {
    std::vector<std::string> value, path;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("value", value, "a text for the guest, such as io.systemd.credential:NAME=VALUE");
        visit("path", path, "a file that holds one");
    }
};

/// 7.18, type 17: of each module.
struct SmbiosMemory {
    std::optional<std::string> loc_pfx, bank, manufacturer, serial, asset, part;
    std::optional<u16> speed;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("loc_pfx", loc_pfx, "what slots are called, before their number");
        visit("bank", bank, "where they are");
        visit("manufacturer", manufacturer, "the module's maker");
        visit("serial", serial, "its serial number");
        visit("asset", asset, "its owner's number for it");
        visit("part", part, "its maker's number for it");
        visit("speed", speed, "transfers a second, in millions");
    }
};

struct Smbios {
    std::optional<SmbiosFirmware> firmware;
    SmbiosSystem system;
    std::optional<SmbiosBoard> board;
    SmbiosChassis chassis;
    SmbiosProcessor processor;
    std::vector<std::string> texts;
    SmbiosMemory memory;
    /// Structures that users bring whole: those of their types are not made.
    std::vector<std::vector<u8>> whole;

    // What the machine is.
    std::string machine_version;
    std::optional<Uuid> uuid;
    unsigned sockets = 1;
    unsigned cores_per_socket = 1;
    unsigned threads_per_core = 1;
    u64 ram_base = 0;
    u64 ram_size = 0;
};

/// One structure with its texts, as dmidecode writes them; what is wrong with it otherwise.
Result<> check_smbios_structure(const std::vector<u8>& bytes);

/// Of fw_cfg.
inline constexpr std::string_view kSmbiosTablesName = "etc/smbios/smbios-tables";
inline constexpr std::string_view kSmbiosAnchorName = "etc/smbios/smbios-anchor";
struct SmbiosFiles {
    std::vector<u8> anchor;
    std::vector<u8> tables;
};
Result<SmbiosFiles> build_smbios(const Smbios& machine);

}  // namespace kelvin::firmware
