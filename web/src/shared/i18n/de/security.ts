import type { security as english } from "../en/security.ts";

export const security: typeof english = {
  events: "Sicherheitsereignisse",
  eventsHelp: "Was Stationen gemeldet haben, und was dem Server an ihnen aufgefallen ist.",
  refused: "Abgewiesene Verbindungen",
  refusedHelp:
    "Wer angeklopft hat und nicht eingelassen wurde, und warum: Hier sieht man nach, wenn eine Station nicht kommt. Derselbe Grund steht höchstens einmal je Minute da.",
  when: "Wann",
  station: "Station",
  weight: "Gewicht",
  critical: "Kritisch",
  notCritical: "Nicht kritisch",
  notKnown: "Nicht bekannt",
  what: "Was",
  noticedBy: "Bemerkt von",
  sources: { station: "Der Station", csms: "Dem Server" },
  from: "Von",
  to: "Bis",
  vendorsOwn: "Ein eigenes Wort des Herstellers: Mehr steht in seinem Handbuch.",
  noEvents: "Keine Sicherheitsereignisse",
  noEventsHelp: "Sie erscheinen sofort, wenn eine Station eines meldet oder jemand mit falschem Passwort kommt.",
  calledItself: "Nannte sich",
  nameless: "Nannte keinen Namen",
  exactly: "Die genaue Kennung",
  why: "Warum nicht",
  peer: "Von wo",
  offered: "Adresse und Protokolle",
  noRefused: "Niemand wurde abgewiesen",
  noRefusedHelp: "Wenn sich eine Station nicht verbinden kann, steht der Grund hier. Gibt es mehrere Organisationen, sehen nur die Administratoren der Plattform unbekannte Stationen.",
  alwaysLetIn: "Sie wurde nie abgewiesen",
  profile: "Sicherheitsprofil",
  offeredProfile: "Angebotenes Profil",
  certificateName: "Name in ihrem Zertifikat",
  profiles: {
    0: "0: ohne Passwort, unverschlüsselt",
    1: "1: Passwort, unverschlüsselt",
    2: "2: Passwort über TLS",
    3: "3: Zertifikat über TLS",
  },
  reasons: {
    wrong_path: {
      what: "Die Adresse ist keine für Stationen",
      todo: "Geben Sie die Adresse ein, die bei der Station steht, mit ihrer Kennung am Ende.",
    },
    unknown_station: {
      what: "Diese Station hat niemand angelegt",
      todo: "Legen Sie sie unter genau dieser Kennung an, oder öffnen Sie die Registrierung.",
    },
    station_disabled: { what: "Die Station ist abgeschaltet", todo: "Schalten Sie sie ein, wenn sie kommen soll." },
    soap_not_enabled: {
      what: "Sie kommt über SOAP, was für sie nicht zugelassen ist",
      todo: "Lassen Sie SOAP bei der Station zu, oder lassen Sie sie über WebSocket sprechen.",
    },
    no_password: {
      what: "Sie kam ohne Passwort",
      todo: "Geben Sie das Passwort an der Station ein: AuthorizationKey bei 1.6, BasicAuthPassword bei 2.x.",
    },
    wrong_username: {
      what: "Ihr Benutzername ist nicht ihre Kennung",
      todo: "Der Benutzername muss die Kennung sein, mit der die Adresse endet.",
    },
    wrong_password: {
      what: "Das Passwort ist falsch",
      todo: "Geben Sie der Station hier ein neues Passwort, und tragen Sie es dort ein.",
    },
    no_certificate: {
      what: "Sie zeigte kein gültiges Zertifikat",
      todo: "Installieren Sie eines an der Station, oder senken Sie ihr Sicherheitsprofil.",
    },
    wrong_certificate_name: {
      what: "In ihrem Zertifikat steht ein anderer Name",
      todo: "Vergleichen Sie den CN mit dem Namen, der bei der Station hinterlegt ist.",
    },
    wrong_certificate_owner: {
      what: "Ihr Zertifikat nennt eine Organisation, der nicht vertraut wird",
      todo: "Nehmen Sie den Namen in die Namen in Zertifikaten der Organisation auf, wenn es Ihrer ist.",
    },
    certificate_revoked: { what: "Ihr Zertifikat wurde widerrufen", todo: "Installieren Sie ein neues." },
    security_profile_mismatch: {
      what: "Sie kam mit einem anderen Sicherheitsprofil als dem ihren",
      todo: "Stellen Sie das Profil hier auf das der Station, oder umgekehrt.",
    },
    security_profile_0_not_allowed: {
      what: "Ohne Passwort kommt hier niemand herein",
      todo: "Geben Sie der Station ein Passwort, oder erlauben Sie Profil 0 in den Einstellungen des Servers.",
    },
    no_subprotocol: {
      what: "Sie nannte keine Version von OCPP",
      todo: "Geben Sie hier bei der Station an, welche Version gemeint ist, oder aktualisieren Sie ihre Firmware.",
    },
    no_common_subprotocol: {
      what: "Sie spricht keine Version, die hier gesprochen wird",
      todo: "Sehen Sie nach, was sie anbietet: Gesprochen werden OCPP 1.6, 2.0.1 und 2.1.",
    },
    database_away: { what: "Die Datenbank war weg", todo: "Stationen versuchen es von selbst wieder." },
    tls_failed: {
      what: "Der TLS-Handschlag ist gescheitert",
      todo: "Prüfen Sie, ob die Station dem Zertifikat des Servers vertraut, und welche Version von TLS sie spricht.",
    },
  },
  types: {
    FirmwareUpdated: { what: "Die Firmware wurde aktualisiert", todo: "In Ordnung, wenn Sie es veranlasst haben." },
    FailedToAuthenticateAtCsms: {
      what: "Die Station konnte sich nicht ausweisen",
      todo: "Warum, steht bei den abgewiesenen Verbindungen; geben Sie ihr notfalls ein neues Passwort.",
    },
    CsmsFailedToAuthenticate: {
      what: "Der Server konnte sich nicht ausweisen",
      todo: "Prüfen Sie, ob die Station der Wurzel des Server-Zertifikats vertraut.",
    },
    SettingSystemTime: { what: "Die Uhr der Station wurde gestellt", todo: "In Ordnung, außer es geschieht oft." },
    StartupOfTheDevice: { what: "Die Station ist gestartet", todo: "In Ordnung, wenn jemand es erwartet hat." },
    ResetOrReboot: { what: "Die Station wurde neu gestartet", todo: "In Ordnung, wenn jemand es erwartet hat." },
    SecurityLogWasCleared: {
      what: "Das Sicherheitsprotokoll der Station wurde gelöscht",
      todo: "Finden Sie heraus, wer es war.",
    },
    ReconfigurationOfSecurityParameters: {
      what: "Ihre Sicherheitseinstellungen wurden geändert",
      todo: "Finden Sie heraus, wer es war, wenn nicht Sie.",
    },
    MemoryExhaustion: {
      what: "Ihr Speicher war voll",
      todo: "Lesen Sie ihre Protokolle; ein Neustart hilft vielleicht eine Weile.",
    },
    InvalidMessages: {
      what: "Sie bekam ungültige Nachrichten",
      todo: "Was gesendet wurde, steht bei den Nachrichten.",
    },
    AttemptedReplayAttacks: {
      what: "Jemand hat alte Nachrichten noch einmal gesendet",
      todo: "Prüfen Sie, wer das Netz der Station erreicht.",
    },
    TamperDetectionActivated: {
      what: "Jemand hat sie geöffnet oder bewegt",
      todo: "Lassen Sie jemanden nach der Station sehen.",
    },
    InvalidFirmwareSignature: {
      what: "Firmware war nicht richtig signiert",
      todo: "Installiert wurde nichts. Prüfen Sie, woher die Datei kam.",
    },
    InvalidFirmwareSigningCertificate: {
      what: "Das Zertifikat der Firmware ist ungültig",
      todo: "Installiert wurde nichts. Fragen Sie den Hersteller.",
    },
    InvalidCsmsCertificate: {
      what: "Das Zertifikat des Servers ist für die Station ungültig",
      todo: "Prüfen Sie, ob die Station die Wurzel hat, und ob das Zertifikat abgelaufen ist.",
    },
    InvalidChargingStationCertificate: {
      what: "Das Zertifikat der Station ist ungültig",
      todo: "Lassen Sie sie ein neues beantragen.",
    },
    DiscardedRenewedClientCertificate: {
      what: "Die Station hat ein erneuertes Zertifikat verworfen",
      todo: "Sie behält das alte: Erneuern Sie es, bevor es abläuft.",
    },
    InvalidTLSVersion: { what: "Jemand kam mit einer alten Version von TLS", todo: "Aktualisieren Sie, was da kam." },
    InvalidTLSCipherSuite: {
      what: "Jemand kam mit einer Verschlüsselung, die nicht erlaubt ist",
      todo: "Aktualisieren Sie, was da kam.",
    },
    MaintenanceLoginAccepted: {
      what: "Jemand hat sich zur Wartung angemeldet",
      todo: "In Ordnung, wenn es Ihr Techniker war.",
    },
    MaintenanceLoginFailed: {
      what: "Jemand konnte sich zur Wartung nicht anmelden",
      todo: "Fragen Sie Ihre Techniker, wenn es wieder geschieht.",
    },
  },
};
