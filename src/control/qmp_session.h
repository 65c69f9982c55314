// SPDX-License-Identifier: Apache-2.0
// QEMU's machine protocol: JSON commands from a line, their results and the machine's events to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/char/character_device.h"
#include "control/qmp_command.h"
#include "control/qmp_target.h"
#include "state/json.h"

namespace kelvin::control {

/// One client at a time. The event loop's thread.
class QmpSession final : private backend::CharacterReceiver, private QmpClient {
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
    void disconnected() override;

    Result<Fd> take_descriptor() override;

    void take_line();
    state::Json answer(const state::Json& request);
    QmpReply negotiate(const state::Json& arguments);
    QmpReply execute(const std::string& name, const state::Json& arguments, bool out_of_band);
    void send(const state::Json& message);

    backend::CharacterBackend& line_;
    QmpTarget& target_;
    Phase phase_ = Phase::absent;
    bool out_of_band_ = false;  // what the client may ask for
    std::string text_;
    bool too_long_ = false;        // the rest of this line is skipped
    std::vector<Fd> descriptors_;  // that came and no command has taken yet
};

}  // namespace kelvin::control
