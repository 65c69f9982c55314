// SPDX-License-Identifier: Apache-2.0
// Random bytes for the guest.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

/// I/O loop's thread.
class EntropySource {
  public:
    /// The host kernel's generator, which never runs dry and never blocks.
    EntropySource() = default;
    /// A file of random bytes, such as /dev/urandom or a hardware generator's.
    static Result<EntropySource> open(const std::string& path);

    /// Fills the beginning of `out`; how much of it. Zero: there is nothing now.
    std::size_t read(std::span<u8> out);

  private:
    Fd file_;
};

}  // namespace kelvin::backend
