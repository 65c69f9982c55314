// SPDX-License-Identifier: Apache-2.0
// File descriptors that clients have handed over, by names of their own (getfd).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace kelvin::control {

/// The event loop's thread.
class Descriptors {
  public:
    /// In place of one that has that name already.
    void keep(const std::string& name, Fd descriptor) { named_.insert_or_assign(name, std::move(descriptor)); }
    /// An error names what there is.
    Result<Fd> take(std::string_view name);

  private:
    std::map<std::string, Fd, std::less<>> named_;
};

}  // namespace kelvin::control
