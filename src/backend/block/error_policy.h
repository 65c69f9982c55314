// SPDX-License-Identifier: Apache-2.0
// What becomes of a guest's request that the host's storage has failed: the one place that decides it.
#pragma once

#include <span>
#include <string_view>

#include "base/types.h"
#include "state/option_types.h"

namespace kelvin::backend {

/// What the user wants, as QEMU's werror= and rerror= say it.
enum class OnError : u8 {
    automatic,  ///< a device's: what was said of its drive; a drive's: enospc for writes, report for reads
    report,     ///< the guest is told
    ignore,     ///< the guest is told that all went well
    stop,       ///< the machine pauses, and the request is tried again when it goes on
    enospc,     ///< stop if the host has no room left, else report
};

/// What is done about one failure.
enum class ErrorAction : u8 { report, ignore, stop };

std::span<const state::EnumName<OnError>> enum_names(OnError);
std::span<const state::EnumName<ErrorAction>> enum_names(ErrorAction);
inline std::string_view enum_type_name(OnError) {
    return "BlockdevOnError";
}
inline std::string_view enum_type_name(ErrorAction) {
    return "BlockErrorAction";
}

/// May be part of a device's Options.
struct ErrorPolicy {
    OnError read = OnError::automatic;
    OnError write = OnError::automatic;  ///< of all that is no read

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("rerror", read, "what is done if the host cannot read: report, ignore, stop, or as the drive says");
        visit("werror", write,
              "what is done if the host cannot write: report, ignore, stop, enospc (stop if it is full), or as the "
              "drive says");
    }

    /// With what `other` says where this says nothing.
    ErrorPolicy or_else(const ErrorPolicy& other) const;
    /// `error` is an errno.
    ErrorAction action(bool is_read, int error) const;
    /// The machine may stop, for some error.
    bool may_stop() const;
};

}  // namespace kelvin::backend
