// SPDX-License-Identifier: Apache-2.0
// QEMU's machine protocol: JSON commands from a line, their results and the machine's events to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/char/character_devices.h"
#include "control/monitor.h"
#include "state/json.h"

namespace kelvin::control {

/// What commands act on, besides what the monitor can do.
class QmpTarget {
  public:
    virtual ~QmpTarget() = default;

    virtual MonitorTarget& machine() = 0;
    /// "running", "paused", "shutdown", "prelaunch"
    virtual std::string_view run_state() const = 0;
    virtual std::string machine_name() const = 0;
    virtual std::vector<backend::CharacterEntry> characters() const = 0;
    virtual Result<> device_add(const std::string& device) = 0;
    virtual Result<> device_del(const std::string& id) = 0;
};

/// One client at a time. The event loop's thread.
class QmpSession final : private backend::CharacterReceiver {
  public:
    /// Both outlive the session.
    QmpSession(backend::CharacterBackend& line, QmpTarget& target);
    ~QmpSession() override;
    QmpSession(const QmpSession&) = delete;
    QmpSession& operator=(const QmpSession&) = delete;

    /// To a client that has finished its negotiation.
    void emit(std::string_view event, const state::Json& data);

  private:
    /// Where a client is: it must ask for qmp_capabilities before anything else.
    enum class Phase : u8 { absent, negotiating, ready };

    size_t space() override;
    void receive(std::span<const u8> bytes) override;
    void connected() override;
    void disconnected() override { phase_ = Phase::absent; }

    void take_line();
    state::Json answer(const state::Json& request);
    state::Json execute(const std::string& name, const state::Json& arguments);
    void send(const state::Json& message);

    backend::CharacterBackend& line_;
    QmpTarget& target_;
    Phase phase_ = Phase::absent;
    std::string text_;
    bool too_long_ = false;  // the rest of this line is skipped
};

}  // namespace kelvin::control
