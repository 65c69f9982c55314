// SPDX-License-Identifier: Apache-2.0
// The human monitor: one line in, some text out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "control/monitor_memory.h"

namespace kelvin::control {

/// What the monitor can do to the machine.
class MonitorTarget {
  public:
    virtual ~MonitorTarget() = default;

    virtual void quit() = 0;
    virtual void stop() = 0;
    virtual void cont() = 0;
    virtual void system_reset() = 0;
    virtual void system_powerdown() = 0;
    virtual Result<> device_add(const std::string& device) = 0;
    virtual Result<> device_del(const std::string& id) = 0;
    /// `mebibytes`: how much memory the guest is to have.
    virtual Result<> balloon(const std::string& mebibytes) = 0;
    /// What -chardev takes.
    virtual Result<> chardev_add(const std::string& device) = 0;
    virtual Result<> chardev_remove(const std::string& id) = 0;
    /// A user network's rule, its first one's if `network` is empty.
    virtual Result<> hostfwd_add(const std::string& network, const std::string& rule) = 0;
    virtual Result<> hostfwd_remove(const std::string& network, const std::string& rule) = 0;
    /// A snapshot of the drive `id`, whose writes go to the new image `file` from here on.
    virtual Result<> snapshot_blkdev(const std::string& id, const std::string& file) = 0;
    /// "ctrl-alt-delete [MILLISECONDS]"
    virtual Result<> sendkey(const std::string& keys) = 0;
    /// "RIGHT DOWN [WHEEL]", and the sum of 1, 2 and 4 for the left, middle and right button.
    virtual Result<> mouse_move(const std::string& distance) = 0;
    virtual Result<> mouse_button(const std::string& buttons) = 0;
    /// "vnc PASSWORD"
    virtual Result<> set_password(const std::string& arguments) = 0;
    /// "FILE [-f png|ppm] [DEVICE]"
    virtual Result<> screendump(const std::string& arguments) = 0;
    /// Of the CD drive `id`. `force`: though the guest has locked the tray.
    virtual Result<> eject(const std::string& id, bool force) = 0;
    /// `format`: raw or qcow2; empty: raw.
    virtual Result<> change_medium(const std::string& id, const std::string& file, const std::string& format) = 0;
    virtual Result<> set_link(const std::string& network, bool up) = 0;
    /// Why the machine's state cannot be kept in its disks, and what to do.
    virtual Error cannot_save() = 0;

    /// Text about `topic`, one of info_topics(); `cpu` is the one that the monitor looks at, unless `all` of them are.
    virtual std::string info(std::string_view topic, unsigned cpu, bool all) = 0;
    virtual unsigned cpu_count() const = 0;
    /// As CPU `cpu` sees it or, if `physical`, as nobody has translated it. How many bytes there were before the first
    /// that is not there.
    virtual std::size_t read_memory(unsigned cpu, bool physical, u64 address, std::span<u8> out) = 0;
    /// "pc", "sp", "x0"
    virtual std::optional<u64> read_register(unsigned cpu, std::string_view name) = 0;
};

/// What a monitor keeps from one command to the next.
struct MonitorState {
    MonitorTarget& target;
    unsigned cpu = 0;   ///< that x and info look at
    ShowFormat format;  ///< of the last x
};

/// What a whole line prints, each line of it ended by "\n".
std::string execute_command(MonitorState& state, std::string_view line);

/// Edits a line of what is typed, and executes it.
class Monitor {
  public:
    explicit Monitor(MonitorTarget& target) : state_{target, 0, {}} {}

    /// What to print when the monitor gets the terminal.
    std::string greeting();
    /// What to print in answer to typed bytes: their echo, results, the prompt.
    std::string type(std::span<const u8> bytes);
    /// What a whole line prints, each line of it ended by "\n".
    std::string execute(std::string_view line) { return execute_command(state_, line); }

  private:
    MonitorState state_;
    std::string line_;
    bool greeted_ = false;
};

}  // namespace kelvin::control
