// SPDX-License-Identifier: Apache-2.0
#include "vm/smbios_files.h"

#include <fmt/format.h>

#include "vm/firmware_files.h"

namespace kelvin::vm {

Result<firmware::Smbios> describe_smbios(const MachineSpec& spec) {
    firmware::Smbios tables = spec.smbios.tables;
    for (const std::string& path : spec.smbios.text_files) {
        const std::vector<u8> content = KELVIN_TRY(read_whole_file(path, "-smbios type=11"));
        tables.texts.emplace_back(content.begin(), content.end());
    }
    for (const std::string& path : spec.smbios.structure_files) {
        std::vector<u8> content = KELVIN_TRY(read_whole_file(path, "-smbios"));
        if (auto checked = firmware::check_smbios_structure(content); !checked) {
            Error error = checked.error();
            error.what = fmt::format("-smbios file={}: {}", path, error.what);
            return error;
        }
        tables.whole.push_back(std::move(content));
    }
    const CpuTopology& topology = spec.cpu.topology;
    tables.machine_version = "virt-10.0";
    if (!spec.uuid.empty()) {
        tables.uuid = KELVIN_TRY(firmware::parse_uuid(spec.uuid));
    }
    tables.cores_per_socket = topology.clusters * topology.cores;
    tables.threads_per_core = topology.threads;
    tables.sockets = topology.sockets;
    return tables;
}

}  // namespace kelvin::vm
