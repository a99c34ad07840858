#!/bin/sh
# Renders coturn's configuration from the environment and runs coturn with it; arguments are passed on to coturn.
# README.md explains the variables and the lines.
set -eu
umask 077

: "${TURN_PORT:=3478}" "${TURN_TLS_PORT:=5349}" "${TURN_MIN_PORT:=61000}" "${TURN_MAX_PORT:=61999}"
: "${TURN_REALM:=holistic-rtc}" "${TURN_USER_QUOTA:=40}" "${TURN_TOTAL_QUOTA:=1000}"
: "${TURN_MAX_BPS:=1000000}" "${TURN_BPS_CAPACITY:=1000000000}" "${TURN_DIR:=/var/lib/turn}"
: "${TURN_SECRET:=}" "${TURN_SECRET_FILE:=$TURN_DIR/secret}" "${TURN_LISTENING_IP:=}" "${TURN_EXTERNAL_IP:=}"
: "${TURN_APP_NETWORK:=}" "${TURN_TLS_CERT:=}" "${TURN_TLS_KEY:=}"

fail() {
    echo "turn: $*" >&2
    exit 1
}

check() {
    for name in TURN_PORT TURN_TLS_PORT TURN_MIN_PORT TURN_MAX_PORT TURN_USER_QUOTA TURN_TOTAL_QUOTA TURN_MAX_BPS \
        TURN_BPS_CAPACITY; do
        eval "value=\$$name"
        case $value in *[!0-9]*) fail "$name must be a number, not '$value'" ;; esac
    done
    [ "$TURN_MIN_PORT" -le "$TURN_MAX_PORT" ] || fail "TURN_MIN_PORT must be at most TURN_MAX_PORT"
    for name in TURN_SECRET TURN_REALM TURN_LISTENING_IP TURN_EXTERNAL_IP TURN_APP_NETWORK TURN_TLS_CERT TURN_TLS_KEY; do
        eval "value=\$$name"
        # coturn would read what comes after a line break as a setting of its own.
        [ "$(printf %s "$value" | wc -l)" -eq 0 ] || fail "$name must be one line"
    done
    [ "${TURN_TLS_CERT:+yes}" = "${TURN_TLS_KEY:+yes}" ] || fail "set both TURN_TLS_CERT and TURN_TLS_KEY, or none"
    for file in "$TURN_TLS_CERT" "$TURN_TLS_KEY"; do
        [ -z "$file" ] || [ -r "$file" ] || fail "can't read $file"
    done
}

# The server's half of this is HOLISTIC_TURN_SECRET_FILE.
make_secret() {
    [ -z "$TURN_SECRET" ] || return 0
    if [ ! -s "$TURN_SECRET_FILE" ]; then
        od -An -N32 -v -tx1 /dev/urandom | tr -d ' \n' >"$TURN_SECRET_FILE.new"
        mv "$TURN_SECRET_FILE.new" "$TURN_SECRET_FILE"
    fi
    TURN_SECRET=$(cat "$TURN_SECRET_FILE")
}

# coturn takes addresses and ranges, FIRST-LAST, but no A.B.C.D/BITS.
range() {
    if echo "$1" | grep -Eq '^([0-9]{1,3}[.]){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$'; then
        number=0
        for part in $(echo "${1%/*}" | tr . ' '); do number=$((number << 8 | part)); done
        size=$((1 << (32 - ${1#*/})))
        first=$((number / size * size))
        echo "$(dotted $first)-$(dotted $((first + size - 1)))"
    elif echo "$1" | grep -Eq '^[0-9a-fA-F.:]+(-[0-9a-fA-F.:]+)?$'; then
        echo "$1"
    else
        fail "TURN_APP_NETWORK takes A.B.C.D/BITS, addresses, and ranges of addresses, FIRST-LAST, but not $1"
    fi
}

dotted() {
    echo "$(($1 >> 24)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))"
}

render() {
    cat <<END
# Made by entrypoint.sh at each start.
listening-port=$TURN_PORT
min-port=$TURN_MIN_PORT
max-port=$TURN_MAX_PORT
END
    for address in $TURN_LISTENING_IP; do echo "listening-ip=$address"; done
    [ -z "$TURN_EXTERNAL_IP" ] || echo "external-ip=$TURN_EXTERNAL_IP"
    if [ -n "$TURN_TLS_CERT" ]; then
        cat <<END
tls-listening-port=$TURN_TLS_PORT
cert=$TURN_TLS_CERT
pkey=$TURN_TLS_KEY
no-tlsv1
no-tlsv1_1
END
    else
        echo no-tls
    fi
    cat <<END
no-dtls

use-auth-secret
static-auth-secret=$TURN_SECRET
realm=$TURN_REALM
stale-nonce=600

user-quota=$TURN_USER_QUOTA
total-quota=$TURN_TOTAL_QUOTA
max-bps=$TURN_MAX_BPS
bps-capacity=$TURN_BPS_CAPACITY

no-tcp-relay
no-multicast-peers
denied-peer-ip=0.0.0.0-0.255.255.255
denied-peer-ip=10.0.0.0-10.255.255.255
denied-peer-ip=100.64.0.0-100.127.255.255
denied-peer-ip=127.0.0.0-127.255.255.255
denied-peer-ip=169.254.0.0-169.254.255.255
denied-peer-ip=172.16.0.0-172.31.255.255
denied-peer-ip=192.0.0.0-192.0.0.255
denied-peer-ip=192.0.2.0-192.0.2.255
denied-peer-ip=192.88.99.0-192.88.99.255
denied-peer-ip=192.168.0.0-192.168.255.255
denied-peer-ip=198.18.0.0-198.19.255.255
denied-peer-ip=198.51.100.0-198.51.100.255
denied-peer-ip=203.0.113.0-203.0.113.255
denied-peer-ip=240.0.0.0-255.255.255.255
# Not from :: on, which coturn takes for the least of all addresses, IPv4 included.
denied-peer-ip=::1-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
denied-peer-ip=2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
denied-peer-ip=2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
denied-peer-ip=2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
denied-peer-ip=3fff::-3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
denied-peer-ip=4000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
END
    for network in $(echo "$TURN_APP_NETWORK" | tr , ' '); do
        network=$(range "$network")
        echo "allowed-peer-ip=$network"
    done
    cat <<END

fingerprint
no-software-attribute
no-rfc5780
no-stun-backward-compatibility
response-origin-only-with-rfc5780
no-cli
log-file=stdout
simple-log
pidfile=$TURN_DIR/turnserver.pid
userdb=$TURN_DIR/turndb
END
}

check
mkdir -p "$TURN_DIR"
make_secret
render >"$TURN_DIR/turnserver.conf"
# It is in the file now; coturn's environment need not show it.
unset TURN_SECRET
exec turnserver -c "$TURN_DIR/turnserver.conf" "$@"
