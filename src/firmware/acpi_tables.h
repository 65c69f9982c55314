// SPDX-License-Identifier: Apache-2.0
// System description tables (ACPI 6.3, 5.2), and how firmware gets them: as files of fw_cfg, with a script that says
// where addresses and checksums go once firmware has put them into memory.
#pragma once

#include <string_view>
#include <vector>

#include "firmware/byte_writer.h"

namespace kelvin::firmware {

/// Who a guest sees the tables to be of.
inline constexpr std::string_view kAcpiOem = "KELVIN";

/// A table without its length and checksum, which AcpiFiles fills in: 5.2.6's header, to be followed by the rest.
ByteWriter acpi_table(std::string_view signature, u8 revision);

/// 5.2.3.2: a register in memory.
void put_memory_register(ByteWriter& table, u64 address, u8 bits);

/// Collects tables; finish() adds what points to them.
class AcpiFiles {
  public:
    static constexpr std::string_view kRootName = "etc/acpi/rsdp";
    static constexpr std::string_view kTablesName = "etc/acpi/tables";
    static constexpr std::string_view kScriptName = "etc/table-loader";

    AcpiFiles();

    /// Completes the table's header and takes it; gives back where it is, for point_at(). `listed`: in the XSDT.
    u32 add(ByteWriter table, bool listed = true);
    /// Takes a structure that has no checksum and is in no list: the FACS. It is aligned by 64 bytes if it comes first.
    u32 add_raw(ByteWriter structure);
    /// The field of `size` bytes at `field` is to hold the address of the table at `table`; both are counted from the
    /// tables' start.
    void point_at(u32 field, u32 table, u8 size = 8);

    struct Content {
        std::vector<u8> root;
        std::vector<u8> tables;
        std::vector<u8> script;
    };
    /// Nothing may be added afterwards.
    Content finish();

    /// Does what the script asks firmware to do, for a machine without: with the root at `root_at` and the tables at
    /// `tables_at`.
    static void place(Content& content, u64 root_at, u64 tables_at);

  private:
    ByteWriter tables_;
    ByteWriter script_;     // what comes first
    ByteWriter pointers_;   // what needs all files to be in memory
    ByteWriter checksums_;  // what needs all pointers to be there
    std::vector<u32> listed_;
};

}  // namespace kelvin::firmware
