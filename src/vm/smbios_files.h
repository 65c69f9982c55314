// SPDX-License-Identifier: Apache-2.0
// The machine's own description, with what the user says of it and what is in files.
#pragma once

#include "base/result.h"
#include "firmware/smbios.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

Result<firmware::Smbios> describe_smbios(const MachineSpec& spec);

}  // namespace kelvin::vm
