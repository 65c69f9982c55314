// SPDX-License-Identifier: Apache-2.0
// File descriptors that clients have handed over: by a name of their own (getfd), or in numbered sets (add-fd) that
// /dev/fdset/N stands for in names of files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::control {

/// The event loop's thread.
class Descriptors {
  public:
    /// In place of one that has that name already.
    void keep(const std::string& name, Fd descriptor) { named_.insert_or_assign(name, std::move(descriptor)); }
    /// An error names what there is.
    Result<Fd> take(std::string_view name);

    struct Added {
        u64 set;
        int number;
    };
    struct Member {
        Fd descriptor;
        std::string remark;
    };
    using Sets = std::map<u64, std::vector<Member>>;

    /// To set `set`, or to a new one.
    Result<Added> add(std::optional<u64> set, Fd descriptor, std::string remark);
    /// All of the set, or one of it.
    Result<> remove(u64 set, std::optional<int> number);
    const Sets& sets() const { return sets_; }

  private:
    std::map<std::string, Fd, std::less<>> named_;
    Sets sets_;
};

}  // namespace kelvin::control
