// SPDX-License-Identifier: Apache-2.0
// What the machine's screens show, for who asks.
#pragma once

#include <string>

#include "backend/display/picture_file.h"
#include "base/result.h"
#include "vm/vm.h"

namespace kelvin::control {

struct ScreenDump {
    std::string filename;
    std::string device;  ///< the id of a video card; empty: the first
    backend::PictureFormat format = backend::PictureFormat::ppm;
};

/// "FILE [-f png|ppm] [DEVICE]", its parts in any order.
Result<ScreenDump> parse_screen_dump(const std::string& text);
Result<> dump_screen(vm::Vm& vm, const ScreenDump& wanted);
/// The lines of a text mode, or what is shown instead.
std::string describe_screen(vm::Vm& vm);

/// "vnc PASSWORD": the password.
Result<std::string> parse_password(const std::string& text);
Result<> set_vnc_password(vm::Vm& vm, const std::string& password);
/// "now", "never", "+SECONDS" from now, or SECONDS since 1970.
Result<> expire_vnc_password(vm::Vm& vm, const std::string& when);
std::string describe_vnc(vm::Vm& vm);

}  // namespace kelvin::control
