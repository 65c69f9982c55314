// SPDX-License-Identifier: Apache-2.0
// Keeps two users from one image file: locks on bytes of it, as QEMU places them, so that either respects the other.
#pragma once

#include <string>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::block {

enum class LockMode : u8 {
    none,    ///< neither asks nor tells: looks at an image in use
    reader,  ///< others may read, nobody may write
    writer,  ///< nobody else may write; who reads without a lock is not stopped
};

/// Locks the open file `fd`, which holds the lock `held`, until it is closed. An error names who has it, and leaves
/// `held` as it is.
Result<> lock_file(int fd, const std::string& path, LockMode mode, LockMode held = LockMode::none);

/// "process 123 (qemu-system-aar), process 7 (kelvin)": who holds a lock on the file that `fd` refers to, as far as the
/// host lets us see; empty if nobody is seen.
std::string holders_of(int fd);

}  // namespace kelvin::block
