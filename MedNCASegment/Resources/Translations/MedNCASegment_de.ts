<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
 <context>
  <name>MedNCASegment</name>
  <message>
   <source>MedNCA Segment</source>
   <translation>MedNCA Segment</translation>
  </message>
  <message>
   <source>Click on an organ: a neural cellular automaton of 12 to 70 thousand parameters segments it, shows where it is unsure and how far to trust the result. Everything is computed on this computer. For research and education only: a person must review every result.</source>
   <translation>Klicken Sie auf ein Organ: Ein neuronaler zellulärer Automat mit 12 bis 70 Tausend Parametern segmentiert es und zeigt, wo er unsicher ist und wie weit dem Ergebnis zu trauen ist. Alles wird auf diesem Computer berechnet. Nur für Forschung und Lehre: Jedes Ergebnis muss von einem Menschen geprüft werden.</translation>
  </message>
  <message>
   <source>Methods: M3D-NCA (Kalkhof, Mukhopadhyay) and Med-NCA (Kalkhof, González, Mukhopadhyay), TU Darmstadt. Bundled models: learned from the Medical Segmentation Decathlon (CC BY-SA 4.0) and PROMISE12 (research use), calibrated with OASIS, labels by Neuromorphometrics (CC BY-NC), too.</source>
   <translation>Methoden: M3D-NCA (Kalkhof, Mukhopadhyay) und Med-NCA (Kalkhof, González, Mukhopadhyay), TU Darmstadt. Mitgelieferte Modelle: trainiert mit dem Medical Segmentation Decathlon (CC BY-SA 4.0) und mit PROMISE12 (nur Forschung), kalibriert auch mit OASIS, Labels von Neuromorphometrics (CC BY-NC).</translation>
  </message>
  <message>
   <source>The segmentation was canceled.</source>
   <translation>Die Segmentierung wurde abgebrochen.</translation>
  </message>
  <message>
   <source>The search was canceled.</source>
   <translation>Die Suche wurde abgebrochen.</translation>
  </message>
  <message>
   <source>{names} not installed; segment once from the panel, which installs what is missing.</source>
   <translation>{names} nicht installiert; segmentieren Sie einmal über das Bedienfeld, dabei wird installiert, was fehlt.</translation>
  </message>
  <message>
   <source>Needs {names}.</source>
   <translation>Benötigt {names}.</translation>
  </message>
  <message>
   <source>A phantom was segmented.</source>
   <translation>Ein Phantom wurde segmentiert.</translation>
  </message>
  <message>
   <source>Bad requests were refused.</source>
   <translation>Ungültige Aufträge wurden abgelehnt.</translation>
  </message>
  <message>
   <source>A request was canceled.</source>
   <translation>Ein Auftrag wurde abgebrochen.</translation>
  </message>
  <message>
   <source>Inputs</source>
   <translation>Eingaben</translation>
  </message>
  <message>
   <source>Volume:</source>
   <translation>Volumen:</translation>
  </message>
  <message>
   <source>The image to segment.</source>
   <translation>Das Bild, das segmentiert werden soll.</translation>
  </message>
  <message>
   <source>Model:</source>
   <translation>Modell:</translation>
  </message>
  <message>
   <source>What to look for. Bundled models and your own.</source>
   <translation>Wonach gesucht wird. Mitgelieferte und eigene Modelle.</translation>
  </message>
  <message>
   <source>Segment</source>
   <translation>Segmentieren</translation>
  </message>
  <message>
   <source>Try it on a sample head</source>
   <translation>Am Beispielkopf ausprobieren</translation>
  </message>
  <message>
   <source>Downloads Slicer's sample MRHead (7 MB, once) and segments both hippocampi.</source>
   <translation>Lädt MRHead aus den Beispieldaten von Slicer herunter (7 MB, einmalig) und segmentiert beide Hippocampi.</translation>
  </message>
  <message>
   <source>Segment both sides</source>
   <translation>Beide Seiten segmentieren</translation>
  </message>
  <message>
   <source>Click to segment</source>
   <translation>Klicken und segmentieren</translation>
  </message>
  <message>
   <source>Then click on the organ in a slice view: it is segmented at once. Click again for the other side. Key: C</source>
   <translation>Klicken Sie danach in einer Schnittansicht auf das Organ: Es wird sofort segmentiert. Für die andere Seite noch einmal klicken. Taste: C</translation>
  </message>
  <message>
   <source>Undo the last</source>
   <translation>Rückgängig</translation>
  </message>
  <message>
   <source>Take the last click and what came of it back. Key: U</source>
   <translation>Den letzten Klick und sein Ergebnis zurücknehmen. Taste: U</translation>
  </message>
  <message>
   <source>Segment whole volume</source>
   <translation>Ganzes Volumen</translation>
  </message>
  <message>
   <source>For a volume that is already cropped around one organ, or a model that needs no click.</source>
   <translation>Für ein Volumen, das bereits auf ein Organ zugeschnitten ist, oder ein Modell, das keinen Klick benötigt.</translation>
  </message>
  <message>
   <source>Segment again</source>
   <translation>Erneut segmentieren</translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation>Urteil</translation>
  </message>
  <message>
   <source>No result yet</source>
   <translation>Noch kein Ergebnis</translation>
  </message>
  <message>
   <source>Press a button above, or click on the organ.</source>
   <translation>Drücken Sie eine Schaltfläche oben oder klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>One row per structure. The last column: between which values the Dice (overlap with what an expert would draw; 1 is the same) of most such results lies.</source>
   <translation>Eine Zeile je Struktur. Die letzte Spalte: zwischen welchen Werten der Dice (Überlappung mit dem, was Fachleute einzeichnen würden; 1 heißt identisch) der meisten solchen Ergebnisse liegt.</translation>
  </message>
  <message>
   <source>Target Dice:</source>
   <translation>Ziel-Dice:</translation>
  </message>
  <message>
   <source>How good the segmentation must be for your purpose. The verdict follows at once; nothing is run again.</source>
   <translation>Wie gut die Segmentierung für Ihren Zweck sein muss. Das Urteil folgt sofort; nichts wird neu berechnet.</translation>
  </message>
  <message>
   <source>Volumes</source>
   <translation>Volumina</translation>
  </message>
  <message>
   <source>Of the segments as they are now, in ml. Asymmetry: left minus right, over the mean of both.</source>
   <translation>Der Segmente, wie sie jetzt sind, in ml. Asymmetrie: links minus rechts, geteilt durch den Mittelwert beider.</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>Kopieren</translation>
  </message>
  <message>
   <source>Put the table on the clipboard, for a spreadsheet or a report.</source>
   <translation>Die Tabelle in die Zwischenablage kopieren, für eine Tabellenkalkulation oder einen Bericht.</translation>
  </message>
  <message>
   <source>Save</source>
   <translation>Speichern</translation>
  </message>
  <message>
   <source>Write the table as CSV.</source>
   <translation>Die Tabelle als CSV speichern.</translation>
  </message>
  <message>
   <source>Statistics</source>
   <translation>Statistik</translation>
  </message>
  <message>
   <source>Open Slicer's Segment Statistics with these segments.</source>
   <translation>Das Modul „Segmentstatistiken“ von Slicer mit diesen Segmenten öffnen.</translation>
  </message>
  <message>
   <source>Save report</source>
   <translation>Bericht speichern</translation>
  </message>
  <message>
   <source>Write verdict, volumes, uncertain regions and pictures as one HTML page.</source>
   <translation>Urteil, Volumina, unsichere Stellen und Bilder als eine HTML-Seite schreiben.</translation>
  </message>
  <message>
   <source>Export as DICOM</source>
   <translation>Als DICOM exportieren</translation>
  </message>
  <message>
   <source>Several volumes</source>
   <translation>Mehrere Volumina</translation>
  </message>
  <message>
   <source>The volumes of the scene. Those that are checked are segmented by the button below. Volumes in ml.</source>
   <translation>Die Volumina der Szene. Die Schaltfläche unten segmentiert alle angehakten. Angaben in ml.</translation>
  </message>
  <message>
   <source>Segment all that are checked</source>
   <translation>Alle angehakten segmentieren</translation>
  </message>
  <message>
   <source>Put the table, with all parts, on the clipboard, for a spreadsheet or a report.</source>
   <translation>Die Tabelle mit allen Teilen in die Zwischenablage kopieren, für eine Tabellenkalkulation oder einen Bericht.</translation>
  </message>
  <message>
   <source>Write the table, with all parts, as CSV.</source>
   <translation>Die Tabelle mit allen Teilen als CSV speichern.</translation>
  </message>
  <message>
   <source>Review</source>
   <translation>Prüfung</translation>
  </message>
  <message>
   <source>Variance of the ensemble's members as a colored layer over the image.</source>
   <translation>Varianz der Durchläufe des Ensembles als farbige Ebene über dem Bild.</translation>
  </message>
  <message>
   <source>Show where it is unsure</source>
   <translation>Unsicherheit anzeigen</translation>
  </message>
  <message>
   <source>Color legend in one of the slice views.</source>
   <translation>Farblegende in einer der Schnittansichten.</translation>
  </message>
  <message>
   <source>Legend</source>
   <translation>Legende</translation>
  </message>
  <message>
   <source>Opacity:</source>
   <translation>Deckkraft:</translation>
  </message>
  <message>
   <source>Opacity of the layer.</source>
   <translation>Deckkraft der Ebene.</translation>
  </message>
  <message>
   <source>Hide below:</source>
   <translation>Ausblenden unter:</translation>
  </message>
  <message>
   <source>Voxels with less variance are not shown. 0.25 is the most there can be.</source>
   <translation>Voxel mit geringerer Varianz werden nicht angezeigt. 0.25 ist der größtmögliche Wert.</translation>
  </message>
  <message>
   <source>Most uncertain regions:</source>
   <translation>Unsicherste Stellen:</translation>
  </message>
  <message>
   <source>Click on a row to see the place in all slice views. May move: how much further out or in the outline may lie. Reviewed: what you did there; it is kept with the scene.</source>
   <translation>Klicken Sie auf eine Zeile, um die Stelle in allen Schnittansichten zu sehen. Spielraum: wie viel weiter außen oder innen die Kontur liegen kann. Geprüft: was Sie dort getan haben; es wird mit der Szene gespeichert.</translation>
  </message>
  <message>
   <source>Previous</source>
   <translation>Zurück</translation>
  </message>
  <message>
   <source>Move all slice views to the previous place. Key: P</source>
   <translation>Alle Schnittansichten zur vorigen Stelle bewegen. Taste: P</translation>
  </message>
  <message>
   <source>Next</source>
   <translation>Weiter</translation>
  </message>
  <message>
   <source>Move all slice views to the next place. Key: N</source>
   <translation>Alle Schnittansichten zur nächsten Stelle bewegen. Taste: N</translation>
  </message>
  <message>
   <source>Accept</source>
   <translation>Bestätigen</translation>
  </message>
  <message>
   <source>The outline is right at this place: on to the next that is not reviewed. Key: A</source>
   <translation>Die Kontur stimmt an dieser Stelle: weiter zur nächsten noch nicht geprüften. Taste: A</translation>
  </message>
  <message>
   <source>Edit</source>
   <translation>Bearbeiten</translation>
  </message>
  <message>
   <source>Correct the segments by hand, in Slicer's Segment Editor. Key: E</source>
   <translation>Die Segmente im Segment-Editor von Slicer von Hand korrigieren. Taste: E</translation>
  </message>
  <message>
   <source>Output</source>
   <translation>Ausgabe</translation>
  </message>
  <message>
   <source>Segmentation:</source>
   <translation>Segmentierung:</translation>
  </message>
  <message>
   <source>Results are added to it; its other segments stay as they are.</source>
   <translation>Ergebnisse werden ihr hinzugefügt; ihre übrigen Segmente bleiben, wie sie sind.</translation>
  </message>
  <message>
   <source>(Create a new one)</source>
   <translation>(Neue anlegen)</translation>
  </message>
  <message>
   <source>Show the segments as surfaces in the 3D view.</source>
   <translation>Die Segmente in der 3D-Ansicht als Oberflächen anzeigen.</translation>
  </message>
  <message>
   <source>Show 3D</source>
   <translation>3D anzeigen</translation>
  </message>
  <message>
   <source>Advanced</source>
   <translation>Erweitert</translation>
  </message>
  <message>
   <source>Ensemble members:</source>
   <translation>Durchläufe:</translation>
  </message>
  <message>
   <source>More members take longer and say more about uncertainty. Fewer than 5 give no verdict.</source>
   <translation>So oft läuft das Modell (Ensemble). Mehr Durchläufe dauern länger und sagen mehr über die Unsicherheit. Weniger als 5 ergeben kein Urteil.</translation>
  </message>
  <message>
   <source>As the model says</source>
   <translation>Wie im Modell</translation>
  </message>
  <message>
   <source>Seed:</source>
   <translation>Startwert:</translation>
  </message>
  <message>
   <source>The same seed gives the same result.</source>
   <translation>Der gleiche Startwert ergibt das gleiche Ergebnis.</translation>
  </message>
  <message>
   <source>Device:</source>
   <translation>Gerät:</translation>
  </message>
  <message>
   <source>Where to compute. These models are small enough for the processor.</source>
   <translation>Wo gerechnet wird. Diese Modelle sind klein genug für den Prozessor.</translation>
  </message>
  <message>
   <source>Memory limit:</source>
   <translation>Speichergrenze:</translation>
  </message>
  <message>
   <source>Memory that the image, the computation and the results may take; large volumes are then computed in tiles, with the same result.</source>
   <translation>Arbeitsspeicher, den Bild, Berechnung und Ergebnisse belegen dürfen; große Volumina werden dann in Kacheln berechnet, mit dem gleichen Ergebnis.</translation>
  </message>
  <message>
   <source>Automatic</source>
   <translation>Automatisch</translation>
  </message>
  <message>
   <source> MB</source>
   <translation> MB</translation>
  </message>
  <message>
   <source>Adds a volume with the ensemble's mean probability.</source>
   <translation>Fügt ein Volumen mit der mittleren Wahrscheinlichkeit des Ensembles hinzu.</translation>
  </message>
  <message>
   <source>Keep the mean-probability volume</source>
   <translation>Mittlere Wahrscheinlichkeit behalten</translation>
  </message>
  <message>
   <source>Models:</source>
   <translation>Modelle:</translation>
  </message>
  <message>
   <source>Import...</source>
   <translation>Import...</translation>
  </message>
  <message>
   <source>Add a model from a zip file to your own.</source>
   <translation>Ein Modell aus einer ZIP-Datei zu den eigenen hinzufügen.</translation>
  </message>
  <message>
   <source>Export...</source>
   <translation>Export...</translation>
  </message>
  <message>
   <source>Write the chosen model as a zip file for others.</source>
   <translation>Das gewählte Modell als ZIP-Datei für andere speichern.</translation>
  </message>
  <message>
   <source>Open folder</source>
   <translation>Ordner öffnen</translation>
  </message>
  <message>
   <source>Where your own models are.</source>
   <translation>Wo Ihre eigenen Modelle liegen.</translation>
  </message>
  <message>
   <source>Watch it think</source>
   <translation>Beim Denken zusehen</translation>
  </message>
  <message>
   <source>Show how it grew</source>
   <translation>Wachsen zeigen</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <source>Disturb a copy of the image, and see what the verdict says:</source>
   <translation>Eine Kopie des Bildes künstlich verschlechtern und sehen, wie das Urteil ausfällt:</translation>
  </message>
  <message>
   <source>Noise:</source>
   <translation>Rauschen:</translation>
  </message>
  <message>
   <source>Grain, as in a scan that was too short. 0 is none, 1 is half as strong as the image's contrast.</source>
   <translation>Körnung, wie in einer zu kurzen Aufnahme. 0 ist keine, 1 ist halb so stark wie der Kontrast des Bildes.</translation>
  </message>
  <message>
   <source>Ghosting:</source>
   <translation>Geisterbilder:</translation>
  </message>
  <message>
   <source>Faint copies from front to back, as where something pulsates.</source>
   <translation>Blasse Kopien von vorn nach hinten, wie dort, wo etwas pulsiert.</translation>
  </message>
  <message>
   <source>Bias field:</source>
   <translation>Bias-Feld:</translation>
  </message>
  <message>
   <source>Brightness that drifts over the image, as by the coil.</source>
   <translation>Helligkeit, die sich über das Bild hinweg langsam ändert, wie durch die Empfindlichkeit der Spule.</translation>
  </message>
  <message>
   <source>Motion:</source>
   <translation>Bewegung:</translation>
  </message>
  <message>
   <source>Two movements of the head while the scan is taken.</source>
   <translation>Zwei Bewegungen des Kopfes während der Aufnahme.</translation>
  </message>
  <message>
   <source>Segment the disturbed copy</source>
   <translation>Gestörte Kopie segmentieren</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>Protokoll</translation>
  </message>
  <message>
   <source>Copy the log to the clipboard.</source>
   <translation>Das Protokoll in die Zwischenablage kopieren.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.batch</name>
  <message>
   <source>The volume was removed before it could be segmented.</source>
   <translation>Das Volumen wurde entfernt, bevor es segmentiert werden konnte.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.channels</name>
  <message>
   <source>Choose the volume of the channel {name} first.</source>
   <translation>Wählen Sie zuerst das Volumen des Kanals {name}.</translation>
  </message>
  <message>
   <source>Another image of the same body in the same place, which this model needs, too.</source>
   <translation>Ein anderes Bild desselben Körpers an derselben Stelle, das dieses Modell auch braucht.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.click_placement</name>
  <message>
   <source>{volume} clicks</source>
   <translation>{volume} Klicks</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.dependencies</name>
  <message>
   <source>{name} {needed} (now {version})</source>
   <translation>{name} {needed} (jetzt {version})</translation>
  </message>
  <message>
   <source>The packages are being installed; wait until that is done.</source>
   <translation>Die Pakete werden gerade installiert; bitte warten Sie, bis das abgeschlossen ist.</translation>
  </message>
  <message>
   <source>MedNCA needs Python packages that are not installed yet, or are too old: {names}.

They are downloaded once (PyTorch: 100 to 200 MB, with support for NVIDIA cards 2 to 3 GB; the others: 1 MB, to train some tens) and take 0.5 to 6 GB on disk. Afterward MedNCA works offline. Install them now?</source>
   <translation>MedNCA benötigt Python-Pakete, die noch nicht installiert oder zu alt sind: {names}.

Sie werden einmalig heruntergeladen (PyTorch: 100 bis 200 MB, mit Unterstützung für NVIDIA-Karten 2 bis 3 GB; die übrigen: 1 MB, zum Trainieren einige Dutzend MB) und belegen 0.5 bis 6 GB auf der Festplatte. Danach arbeitet MedNCA ohne Internetverbindung. Jetzt installieren?</translation>
  </message>
  <message>
   <source>MedNCA</source>
   <translation>MedNCA</translation>
  </message>
  <message>
   <source>{names} not installed; nothing can be segmented or trained without.</source>
   <translation>{names} nicht installiert; ohne diese Pakete ist weder Segmentieren noch Trainieren möglich.</translation>
  </message>
  <message>
   <source>The installation ended, but {names} cannot be found. Restart Slicer and try again.</source>
   <translation>Die Installation ist beendet, aber {names} ist nicht zu finden. Starten Sie Slicer neu und versuchen Sie es noch einmal.</translation>
  </message>
  <message>
   <source>PyTorch is not installed, and neither is the PyTorch extension that installs it. Add the extension PyTorch in the Extensions Manager, restart Slicer, then try again.</source>
   <translation>PyTorch ist nicht installiert, und auch die Erweiterung PyTorch, die es installiert, fehlt. Fügen Sie die Erweiterung PyTorch im Erweiterungsmanager hinzu, starten Sie Slicer neu und versuchen Sie es noch einmal.</translation>
  </message>
  <message>
   <source>PyTorch could not be installed: {cause}</source>
   <translation>PyTorch konnte nicht installiert werden: {cause}</translation>
  </message>
  <message>
   <source>PyTorch was not installed; see the Python console for the reason.</source>
   <translation>PyTorch wurde nicht installiert; der Grund steht in der Python-Konsole.</translation>
  </message>
  <message>
   <source>The Python packages could not be installed: {cause}</source>
   <translation>Die Python-Pakete konnten nicht installiert werden: {cause}</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.dicom_export</name>
  <message>
   <source>There is no result yet.</source>
   <translation>Es gibt noch kein Ergebnis.</translation>
  </message>
  <message>
   <source>{volume} was not loaded from DICOM; only a result on a DICOM series can be exported as DICOM.</source>
   <translation>{volume} wurde nicht aus DICOM geladen; nur ein Ergebnis zu einer DICOM-Serie kann als DICOM exportiert werden.</translation>
  </message>
  <message>
   <source>Slicer's export does not take this segmentation; see its error log.</source>
   <translation>Der Export von Slicer nimmt diese Segmentierung nicht an; siehe das Fehlerprotokoll.</translation>
  </message>
  <message>
   <source>{segmentation} and {volume} are under different transforms: put both under the same one, or harden.</source>
   <translation>{segmentation} und {volume} unterliegen verschiedenen Transformationen: Stellen Sie beide unter dieselbe oder wenden Sie die Transformationen fest an („Harden transform“).</translation>
  </message>
  <message>
   <source>This Slicer cannot write DICOM segmentations: install the extension QuantitativeReporting (View &gt; Extensions Manager), restart Slicer, then export.</source>
   <translation>Diese Slicer-Version kann keine DICOM-Segmentierungen schreiben: Installieren Sie die Erweiterung QuantitativeReporting (Ansicht &gt; Erweiterungsmanager), starten Sie Slicer neu, dann exportieren Sie.</translation>
  </message>
  <message>
   <source>The files of {volume} are not in Slicer's DICOM database: import them there, then export.</source>
   <translation>Die Dateien von {volume} sind nicht in der DICOM-Datenbank von Slicer: Importieren Sie sie dort, dann exportieren Sie.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.growth</name>
  <message>
   <source>{name} steps</source>
   <translation>{name} Schritte</translation>
  </message>
  <message>
   <source>step</source>
   <translation>Schritt</translation>
  </message>
  <message>
   <source>step {number}, level {level}</source>
   <translation>Schritt {number}, Stufe {level}</translation>
  </message>
  <message>
   <source>How {name} grew</source>
   <translation>Wie {name} wuchs</translation>
  </message>
  <message>
   <source>{name} growing</source>
   <translation>{name} beim Wachsen</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.help_page</name>
  <message>
   <source>Help</source>
   <translation>Hilfe</translation>
  </message>
  <message>
   <source>What this section is for.</source>
   <translation>Wozu dieser Abschnitt dient.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.hotspot_list</name>
  <message>
   <source>Where</source>
   <translation>Stelle</translation>
  </message>
  <message>
   <source>May move</source>
   <translation>Spielraum</translation>
  </message>
  <message>
   <source>Reviewed</source>
   <translation>Geprüft</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.html_report</name>
  <message>
   <source>en</source>
   <translation>de</translation>
  </message>
  <message>
   <source>Report of {date}.</source>
   <translation>Bericht vom {date}.</translation>
  </message>
  <message>
   <source>Segmentation of {volume}</source>
   <translation>Segmentierung von {volume}</translation>
  </message>
  <message>
   <source>For research and education only; not for clinical decisions. Not a medical device: a person must review every result.</source>
   <translation>Nur für Forschung und Lehre; nicht für klinische Entscheidungen. Kein Medizinprodukt: Ein Mensch muss jedes Ergebnis prüfen.</translation>
  </message>
  <message>
   <source>Structure</source>
   <translation>Struktur</translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation>Urteil</translation>
  </message>
  <message>
   <source>Expected Dice</source>
   <translation>Erwarteter Dice</translation>
  </message>
  <message>
   <source>NQM</source>
   <translation>NQM</translation>
  </message>
  <message>
   <source>Why</source>
   <translation>Warum</translation>
  </message>
  <message>
   <source>Dice is the overlap with what an expert would have drawn, from 0 to 1; here it is estimated, not measured. The target is {target}. NQM is how much the runs of the model disagree: 0 is not at all.</source>
   <translation>Dice ist die Überlappung mit dem, was Fachleute eingezeichnet hätten, von 0 bis 1; hier ist er geschätzt, nicht gemessen. Das Ziel ist {target}. NQM sagt, wie stark die Durchläufe des Modells voneinander abweichen: 0 heißt gar nicht.</translation>
  </message>
  <message>
   <source>In ml, measured on the segments as they are. Left and right are the person's. Asymmetry: left minus right, over the mean of both.</source>
   <translation>In ml, an den Segmenten gemessen, wie sie sind. Links und rechts aus Sicht der Person. Asymmetrie: links minus rechts, geteilt durch den Mittelwert beider.</translation>
  </message>
  <message>
   <source>Volumes</source>
   <translation>Volumina</translation>
  </message>
  <message>
   <source>Most uncertain regions</source>
   <translation>Unsicherste Stellen</translation>
  </message>
  <message>
   <source>There is none.</source>
   <translation>Es gibt keine.</translation>
  </message>
  <message>
   <source>Where</source>
   <translation>Stelle</translation>
  </message>
  <message>
   <source>May move</source>
   <translation>Spielraum</translation>
  </message>
  <message>
   <source>R, A, S (mm)</source>
   <translation>R, A, S (mm)</translation>
  </message>
  <message>
   <source>Doubtful</source>
   <translation>Zweifelhaft</translation>
  </message>
  <message>
   <source>Reviewed</source>
   <translation>Geprüft</translation>
  </message>
  <message>
   <source>{done} of {count} were accepted or corrected by a person. May move: how far further out or in the outline may lie, where the runs that differ by one standard deviation have it. Doubtful: how much of the region is, and by how much the runs differ there at most (standard deviation of the probability). R, A, S: to the right, to the front, up; less than 0 is to the left, to the back, down.</source>
   <translation>{done} von {count} wurden von einem Menschen bestätigt oder korrigiert. Spielraum: wie viel weiter außen oder innen die Kontur liegen kann, gemessen an Durchläufen, die um eine Standardabweichung abweichen. Zweifelhaft: wie viel von der Stelle zweifelhaft ist und um wie viel die Durchläufe dort höchstens abweichen (Standardabweichung der Wahrscheinlichkeit). R, A, S: nach rechts, nach vorn, nach oben; unter 0 nach links, nach hinten, nach unten.</translation>
  </message>
  <message>
   <source>{volume} mm³, ±{deviation}</source>
   <translation>{volume} mm³, ±{deviation}</translation>
  </message>
  <message>
   <source>Each picture cuts through the middle of the structure. R right, L left, A anterior, P posterior, S superior, I inferior, of the person; the bar at the lower right is 1 cm.</source>
   <translation>Jedes Bild zeigt einen Schnitt durch die Mitte der Struktur. R rechts, L links, A vorn, P hinten, S oben, I unten, aus Sicht der Person; der Balken unten rechts ist 1 cm lang.</translation>
  </message>
  <message>
   <source>Pictures</source>
   <translation>Bilder</translation>
  </message>
  <message>
   <source>{plane} slice through {structure}, with the outlines of the segments</source>
   <translation>Schnitt ({plane}) durch {structure}, mit den Konturen der Segmente</translation>
  </message>
  <message>
   <source>Outlines</source>
   <translation>Konturen</translation>
  </message>
  <message>
   <source>{plane} slice through {structure}, with the uncertainty in color</source>
   <translation>Schnitt ({plane}) durch {structure}, mit der Unsicherheit in Farbe</translation>
  </message>
  <message>
   <source>Uncertainty: the variance of the runs, from {low} (left) to {high}.</source>
   <translation>Unsicherheit: die Varianz der Durchläufe, von {low} (links) bis {high}.</translation>
  </message>
  <message>
   <source>Scale of colors</source>
   <translation>Farbskala</translation>
  </message>
  <message>
   <source>Axial</source>
   <translation>Axial</translation>
  </message>
  <message>
   <source>Coronal</source>
   <translation>Koronal</translation>
  </message>
  <message>
   <source>Sagittal</source>
   <translation>Sagittal</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>Members</source>
   <translation>Durchläufe</translation>
  </message>
  <message>
   <source>Seed</source>
   <translation>Startwert</translation>
  </message>
  <message>
   <source>Device</source>
   <translation>Gerät</translation>
  </message>
  <message>
   <source>Clicks: R, A, S (mm)</source>
   <translation>Klicks: R, A, S (mm)</translation>
  </message>
  <message>
   <source>The volume has {size} voxels of {spacing} mm.</source>
   <translation>Das Volumen hat {size} Voxel von {spacing} mm.</translation>
  </message>
  <message>
   <source>Made by MedNCA {version} in Slicer {slicer}.</source>
   <translation>Erstellt von MedNCA {version} in Slicer {slicer}.</translation>
  </message>
  <message>
   <source>How it was made</source>
   <translation>Wie es entstand</translation>
  </message>
  <message>
   <source>Id and version</source>
   <translation>Kennung und Version</translation>
  </message>
  <message>
   <source>SHA-256 of the weights</source>
   <translation>SHA-256 der Gewichte</translation>
  </message>
  <message>
   <source>Terms of use</source>
   <translation>Nutzungsbedingungen</translation>
  </message>
  <message>
   <source>Parameters</source>
   <translation>Parameter</translation>
  </message>
  <message>
   <source>Intended use</source>
   <translation>Verwendungszweck</translation>
  </message>
  <message>
   <source>Limits, of its card</source>
   <translation>Grenzen, laut Modellkarte</translation>
  </message>
  <message>
   <source>Model: {name}</source>
   <translation>Modell: {name}</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.messages</name>
  <message>
   <source>Likely good enough</source>
   <translation>Wahrscheinlich gut genug</translation>
  </message>
  <message>
   <source>Check before use</source>
   <translation>Vor Gebrauch prüfen</translation>
  </message>
  <message>
   <source>Likely not good enough</source>
   <translation>Wahrscheinlich nicht gut genug</translation>
  </message>
  <message>
   <source>No verdict</source>
   <translation>Kein Urteil</translation>
  </message>
  <message>
   <source>No result yet</source>
   <translation>Noch kein Ergebnis</translation>
  </message>
  <message>
   <source>expected Dice {dice}</source>
   <translation>erwarteter Dice {dice}</translation>
  </message>
  <message>
   <source>Dice, {share} %</source>
   <translation>Dice, {share} %</translation>
  </message>
  <message>
   <source>Dice interval</source>
   <translation>Dice-Intervall</translation>
  </message>
  <message>
   <source>Corrected by hand</source>
   <translation>Von Hand korrigiert</translation>
  </message>
  <message>
   <source>Image has changed</source>
   <translation>Bild hat sich geändert</translation>
  </message>
  <message>
   <source>The volume has changed since it was segmented (another frame of a sequence, or a filter): the verdict was on what it held before. Segment again.</source>
   <translation>Das Volumen hat sich seit der Segmentierung geändert (ein anderes Einzelbild einer Sequenz oder ein Filter): Das Urteil galt dem, was es vorher enthielt. Segmentieren Sie noch einmal.</translation>
  </message>
  <message>
   <source>Corrected by hand since it was segmented: the verdict was on what was there before.</source>
   <translation>Nach der Segmentierung von Hand korrigiert: Das Urteil galt dem Stand davor.</translation>
  </message>
  <message>
   <source>Press a button above, or click on the organ.</source>
   <translation>Drücken Sie eine Schaltfläche oben oder klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>No verdict: {why}.</source>
   <translation>Kein Urteil: {why}.</translation>
  </message>
  <message>
   <source>Even the low end of the interval reaches the target of {target}. Please look at it all the same.</source>
   <translation>Selbst das untere Ende des Intervalls erreicht das Ziel von {target}. Bitte sehen Sie sich das Ergebnis trotzdem an.</translation>
  </message>
  <message>
   <source>The expected Dice reaches the target of {target}, the low end does not: check the most uncertain regions below.</source>
   <translation>Der erwartete Dice erreicht das Ziel von {target}, das untere Ende nicht: Prüfen Sie die unsichersten Stellen (siehe unten).</translation>
  </message>
  <message>
   <source>The expected Dice is below the target of {target}: correct it, or do not use it.</source>
   <translation>Der erwartete Dice liegt unter dem Ziel von {target}: Korrigieren Sie das Ergebnis oder verwenden Sie es nicht.</translation>
  </message>
  <message>
   <source>The model was calibrated on other images than this one: look at the result before you use it.</source>
   <translation>Das Modell wurde an anderen Bildern als diesem kalibriert: Prüfen Sie das Ergebnis, bevor Sie es verwenden.</translation>
  </message>
  <message>
   <source>In such an image this model's low end is {ceiling} at most, so that it is never green there.</source>
   <translation>In einem solchen Bild liegt das untere Ende bei diesem Modell höchstens bei {ceiling}, sodass die Ampel dort nie grün wird.</translation>
  </message>
  <message>
   <source>It lies {distance} mm from the click.</source>
   <translation>Es liegt {distance} mm vom Klick entfernt.</translation>
  </message>
  <message>
   <source>It is the structure of click {number} again: do not count it twice.</source>
   <translation>Es ist noch einmal die Struktur von Klick {number}: Zählen Sie sie nicht doppelt.</translation>
  </message>
  <message>
   <source>NQM (how much the runs disagree; 0 is not at all): {nqm}.</source>
   <translation>NQM (wie stark die Durchläufe voneinander abweichen; 0 heißt gar nicht): {nqm}.</translation>
  </message>
  <message>
   <source>The verdict is on all parts together; it says nothing about the border between them.</source>
   <translation>Das Urteil gilt für alle Teile zusammen; über die Grenze zwischen ihnen sagt es nichts.</translation>
  </message>
  <message>
   <source>The verdict goes by another figure, {name}: {value}.</source>
   <translation>Das Urteil richtet sich nach einer anderen Größe, {name}: {value}.</translation>
  </message>
  <message>
   <source>Other pieces of {volume} ml were found and left out.</source>
   <translation>Weitere Stücke (zusammen {volume} ml) wurden gefunden und weggelassen.</translation>
  </message>
  <message>
   <source>NQM of the whole field of view</source>
   <translation>NQM des ganzen Bildfelds</translation>
  </message>
  <message>
   <source>how far the run that differs most is from the result (1 - Dice)</source>
   <translation>Abstand des am stärksten abweichenden Durchlaufs vom Ergebnis (1 - Dice)</translation>
  </message>
  <message>
   <source>how far a run is from the result on average (1 - Dice)</source>
   <translation>mittlerer Abstand eines Durchlaufs vom Ergebnis (1 - Dice)</translation>
  </message>
  <message>
   <source>inside</source>
   <translation>im Inneren</translation>
  </message>
  <message>
   <source>right surface</source>
   <translation>Rand rechts</translation>
  </message>
  <message>
   <source>left surface</source>
   <translation>Rand links</translation>
  </message>
  <message>
   <source>anterior surface</source>
   <translation>Rand anterior</translation>
  </message>
  <message>
   <source>posterior surface</source>
   <translation>Rand posterior</translation>
  </message>
  <message>
   <source>inferior surface</source>
   <translation>Rand inferior</translation>
  </message>
  <message>
   <source>superior surface</source>
   <translation>Rand superior</translation>
  </message>
  <message>
   <source>lateral</source>
   <translation>lateral</translation>
  </message>
  <message>
   <source>medial</source>
   <translation>medial</translation>
  </message>
  <message>
   <source>anterior</source>
   <translation>anterior</translation>
  </message>
  <message>
   <source>posterior</source>
   <translation>posterior</translation>
  </message>
  <message>
   <source>inferior</source>
   <translation>inferior</translation>
  </message>
  <message>
   <source>superior</source>
   <translation>superior</translation>
  </message>
  <message>
   <source>{side}, {place}</source>
   <translation>{side}, {place}</translation>
  </message>
  <message>
   <source>{distance} mm out</source>
   <translation>{distance} mm nach außen</translation>
  </message>
  <message>
   <source>{distance} mm in</source>
   <translation>{distance} mm nach innen</translation>
  </message>
  <message>
   <source>{volume} mm³ are doubtful; the runs differ there by up to ±{deviation}. R, A, S: {position} mm.</source>
   <translation>{volume} mm³ sind zweifelhaft; die Durchläufe weichen dort um bis zu ±{deviation} voneinander ab. R, A, S: {position} mm.</translation>
  </message>
  <message>
   <source>looked at</source>
   <translation>angesehen</translation>
  </message>
  <message>
   <source>accepted</source>
   <translation>bestätigt</translation>
  </message>
  <message>
   <source>corrected</source>
   <translation>korrigiert</translation>
  </message>
  <message>
   <source>Most uncertain regions: all {count} reviewed.</source>
   <translation>Unsicherste Stellen: alle {count} geprüft.</translation>
  </message>
  <message>
   <source>Most uncertain regions: {done} of {count} reviewed.</source>
   <translation>Unsicherste Stellen: {done} von {count} geprüft.</translation>
  </message>
  <message>
   <source>, but the model was trained on {low:.0f} to {high:.0f} mm; click on the organ instead</source>
   <translation>, das Modell wurde aber mit {low:.0f} bis {high:.0f} mm trainiert; klicken Sie stattdessen auf das Organ</translation>
  </message>
  <message>
   <source>{members} ensemble member(s) are too few to measure uncertainty; use {least} or more</source>
   <translation>zu wenige Durchläufe ({members}), um die Unsicherheit zu messen; nötig sind mindestens {least}</translation>
  </message>
  <message>
   <source>nothing was found</source>
   <translation>es wurde nichts gefunden</translation>
  </message>
  <message>
   <source>this model has no calibration: nobody measured what its uncertainty means</source>
   <translation>dieses Modell hat keine Kalibrierung: Was seine Unsicherheit bedeutet, wurde nie gemessen</translation>
  </message>
  <message>
   <source>the result reaches the edge of the image or of the field of view, so part of the structure may be missing</source>
   <translation>das Ergebnis reicht bis an den Rand des Bildes oder des Bildfelds, sodass ein Teil der Struktur fehlen kann</translation>
  </message>
  <message>
   <source>the structure found lies {distance:.0f} mm from the click; it may not be what was clicked on</source>
   <translation>die gefundene Struktur liegt {distance:.0f} mm vom Klick entfernt; sie ist vielleicht nicht die angeklickte</translation>
  </message>
  <message>
   <source>the click lies in another piece, of {volume:g} ml, than the one that is kept; it may be what was meant</source>
   <translation>der Klick liegt in einem anderen Stück, von {volume:g} ml, als dem behaltenen; es kann das gemeinte sein</translation>
  </message>
  <message>
   <source>other pieces of {volume:g} ml were found beside the one that is kept; the wrong one may be kept</source>
   <translation>neben dem behaltenen Stück wurden weitere mit {volume:g} ml gefunden; vielleicht wurde das falsche behalten</translation>
  </message>
  <message>
   <source>the voxels ({shown} mm) are outside the range accepted for this model ({low:g} to {high:g} mm)</source>
   <translation>die Voxel ({shown} mm) liegen außerhalb des für dieses Modell zulässigen Bereichs ({low:g} bis {high:g} mm)</translation>
  </message>
  <message>
   <source>the image field is {extent:.0f} mm left-right</source>
   <translation>das Bild misst {extent:.0f} mm von links nach rechts</translation>
  </message>
  <message>
   <source>the image field is {extent:.0f} mm front-back</source>
   <translation>das Bild misst {extent:.0f} mm von vorn nach hinten</translation>
  </message>
  <message>
   <source>the image field is {extent:.0f} mm up-down</source>
   <translation>das Bild misst {extent:.0f} mm von oben nach unten</translation>
  </message>
  <message>
   <source>the result has {volume:g} ml, outside the {low:g} to {high:g} ml of plausible structures</source>
   <translation>das Ergebnis hat {volume:g} ml; plausible Strukturen haben {low:g} bis {high:g} ml</translation>
  </message>
  <message>
   <source>left</source>
   <translation>links</translation>
  </message>
  <message>
   <source>right</source>
   <translation>rechts</translation>
  </message>
  <message>
   <source>Left</source>
   <translation>Links</translation>
  </message>
  <message>
   <source>Right</source>
   <translation>Rechts</translation>
  </message>
  <message>
   <source>Segment both sides</source>
   <translation>Beide Seiten segmentieren</translation>
  </message>
  <message>
   <source>Find and segment</source>
   <translation>Suchen und segmentieren</translation>
  </message>
  <message>
   <source>Looks for the organ where it usually lies, and segments what it finds. No click is needed.</source>
   <translation>Sucht das Organ dort, wo es gewöhnlich liegt, und segmentiert, was gefunden wird. Kein Klick nötig.</translation>
  </message>
  <message>
   <source>For a volume that is already cropped around one organ, or a model that needs no click.</source>
   <translation>Für ein Volumen, das bereits auf ein Organ zugeschnitten ist, oder ein Modell, das keinen Klick benötigt.</translation>
  </message>
  <message>
   <source>Nothing was found on the {side}: click on it.</source>
   <translation>Es wurde {side} nichts gefunden: Klicken Sie dort auf das Organ.</translation>
  </message>
  <message>
   <source>Nothing was found in {volume} where the organ usually lies: click on it.</source>
   <translation>In {volume} wurde dort, wo das Organ gewöhnlich liegt, nichts gefunden: Klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>Something else is being computed.</source>
   <translation>Es läuft bereits eine andere Berechnung.</translation>
  </message>
  <message>
   <source>Choose a model first.</source>
   <translation>Wählen Sie zuerst ein Modell.</translation>
  </message>
  <message>
   <source>Volume {number} of {count}</source>
   <translation>Volumen {number} von {count}</translation>
  </message>
  <message>
   <source>Measured Dice on {cases} held-out cases: {parts}.</source>
   <translation>Gemessener Dice an {cases} zurückgehaltenen Fällen: {parts}.</translation>
  </message>
  <message>
   <source>Measured Dice of models of the same plan, on {cases} cases, each by one that had not seen it: {parts}. This one has learned from all of them.</source>
   <translation>Gemessener Dice von Modellen desselben Plans an {cases} Fällen, jeder mit einem Modell, das ihn nicht kannte: {parts}. Dieses hier hat aus allen gelernt.</translation>
  </message>
  <message>
   <source>Nobody has measured how good it is.</source>
   <translation>Wie gut es ist, wurde nie gemessen.</translation>
  </message>
  <message>
   <source>{count} parameters.</source>
   <translation>{count} Parameter.</translation>
  </message>
  <message>
   <source>Not calibrated: there will be no verdict.</source>
   <translation>Nicht kalibriert: Es wird kein Urteil geben.</translation>
  </message>
  <message>
   <source>License: {license}</source>
   <translation>Lizenz: {license}</translation>
  </message>
  <message>
   <source>Terms: {terms}</source>
   <translation>Nutzungsbedingungen: {terms}</translation>
  </message>
  <message>
   <source>together</source>
   <translation>zusammen</translation>
  </message>
  <message>
   <source>Canceling</source>
   <translation>Wird abgebrochen</translation>
  </message>
  <message>
   <source>Starting: loading PyTorch (some seconds, once per session)</source>
   <translation>Start: PyTorch wird geladen (einige Sekunden, einmal je Sitzung)</translation>
  </message>
  <message>
   <source>Waiting</source>
   <translation>Warten</translation>
  </message>
  <message>
   <source>Handing over the volume</source>
   <translation>Volumen wird übergeben</translation>
  </message>
  <message>
   <source>Reading the volume</source>
   <translation>Volumen wird gelesen</translation>
  </message>
  <message>
   <source>Looking for the organ</source>
   <translation>Organ wird gesucht</translation>
  </message>
  <message>
   <source>Running the ensemble</source>
   <translation>Ensemble wird berechnet</translation>
  </message>
  <message>
   <source>Watching one run</source>
   <translation>Ein Durchlauf wird aufgezeichnet</translation>
  </message>
  <message>
   <source>Disturbing a copy</source>
   <translation>Eine gestörte Kopie wird erstellt</translation>
  </message>
  <message>
   <source>Handing back the result</source>
   <translation>Ergebnis wird übergeben</translation>
  </message>
  <message>
   <source>, click {which}</source>
   <translation>, Klick {which}</translation>
  </message>
  <message>
   <source>, {seconds} s left</source>
   <translation>, noch {seconds} s</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>Stop what is being computed.</source>
   <translation>Die laufende Berechnung beenden.</translation>
  </message>
  <message>
   <source>Segment again</source>
   <translation>Erneut segmentieren</translation>
  </message>
  <message>
   <source>At all points, with what is chosen now.</source>
   <translation>An allen Punkten, mit den jetzigen Einstellungen.</translation>
  </message>
  <message>
   <source>Choose a volume and a model, then click on the organ.</source>
   <translation>Wählen Sie ein Volumen und ein Modell, dann klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>Plays one run of the last result step by step, over the image: first the coarse level, then the fine one. Cyan is unlikely, green is likely.</source>
   <translation>Spielt einen Durchlauf des letzten Ergebnisses Schritt für Schritt über dem Bild ab: erst die grobe Stufe, dann die feine. Türkis ist unwahrscheinlich, Grün ist wahrscheinlich.</translation>
  </message>
  <message>
   <source>Makes a copy of the image that is as bad as the sliders say, and segments it where the image was segmented. The image itself stays as it is.</source>
   <translation>Erstellt eine Kopie des Bildes mit den eingestellten Störungen und segmentiert sie an denselben Stellen. Das Bild selbst bleibt unverändert.</translation>
  </message>
  <message>
   <source>The disturbed copy is {name}: choose it as the volume to segment it.</source>
   <translation>Die gestörte Kopie ist {name}: Wählen Sie sie als Volumen, um sie zu segmentieren.</translation>
  </message>
  <message>
   <source>There is no model {asked} here; {chosen} is chosen instead.</source>
   <translation>Das Modell {asked} gibt es hier nicht; stattdessen ist {chosen} gewählt.</translation>
  </message>
  <message>
   <source>The slice views show {name}: it is chosen now.</source>
   <translation>Die Schnittansichten zeigen {name}: Dieses Volumen ist jetzt gewählt.</translation>
  </message>
  <message>
   <source>That view shows {seen}, but {chosen} is chosen: choose {seen} as the volume, then click.</source>
   <translation>Diese Ansicht zeigt {seen}, gewählt ist aber {chosen}: Wählen Sie {seen} als Volumen, dann klicken Sie.</translation>
  </message>
  <message>
   <source>The last result, of {volume}, was corrected by hand. Take it back all the same?</source>
   <translation>Das letzte Ergebnis, von {volume}, wurde von Hand korrigiert. Trotzdem zurücknehmen?</translation>
  </message>
  <message>
   <source>The last result of {volume} was taken back.</source>
   <translation>Das letzte Ergebnis von {volume} wurde zurückgenommen.</translation>
  </message>
  <message>
   <source>Done in {seconds:.1f} s.</source>
   <translation>Fertig in {seconds:.1f} s.</translation>
  </message>
  <message>
   <source>Segmentation failed: {error}</source>
   <translation>Segmentierung fehlgeschlagen: {error}</translation>
  </message>
  <message>
   <source>The result of {volume} is in {segmentation}: choose that volume to see it.</source>
   <translation>Das Ergebnis von {volume} liegt in {segmentation}: Wählen Sie dieses Volumen, um es zu sehen.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.model_chooser</name>
  <message>
   <source>{model} may be used on these terms only:

{terms}

Do you accept them?</source>
   <translation>{model} darf nur unter diesen Nutzungsbedingungen verwendet werden:

{terms}

Stimmen Sie diesen Bedingungen zu?</translation>
  </message>
  <message>
   <source>The terms of {model} were not accepted.</source>
   <translation>Den Nutzungsbedingungen von {model} wurde nicht zugestimmt.</translation>
  </message>
  <message>
   <source>{id} (broken)</source>
   <translation>{id} (defekt)</translation>
  </message>
  <message>
   <source>Choose a model first.</source>
   <translation>Wählen Sie zuerst ein Modell.</translation>
  </message>
  <message>
   <source>No models found.</source>
   <translation>Keine Modelle gefunden.</translation>
  </message>
  <message>
   <source>Import a model</source>
   <translation>Modell importieren</translation>
  </message>
  <message>
   <source>Models (*.zip)</source>
   <translation>Modelle (*.zip)</translation>
  </message>
  <message>
   <source>The model was not imported.</source>
   <translation>Das Modell wurde nicht importiert.</translation>
  </message>
  <message>
   <source>Model {id} imported.</source>
   <translation>Modell {id} importiert.</translation>
  </message>
  <message>
   <source>Export the model</source>
   <translation>Modell exportieren</translation>
  </message>
  <message>
   <source>The model was not exported.</source>
   <translation>Das Modell wurde nicht exportiert.</translation>
  </message>
  <message>
   <source>Model written to {path}.</source>
   <translation>Modell gespeichert unter {path}.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.pairing</name>
  <message>
   <source>{name} was made on another volume; results go into a segmentation of their own.</source>
   <translation>{name} gehört zu einem anderen Volumen; die Ergebnisse kommen in eine eigene Segmentierung.</translation>
  </message>
  <message>
   <source>{segmentation} belongs to {volume}, which is chosen now.</source>
   <translation>{segmentation} gehört zu {volume}; dieses Volumen ist jetzt gewählt.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.quality_table</name>
  <message>
   <source>{volume} quality</source>
   <translation>{volume} Qualität</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.record</name>
  <message>
   <source>its record is damaged ({error})</source>
   <translation>seine Aufzeichnung ist beschädigt ({error})</translation>
  </message>
  <message>
   <source>A result in {name} is not shown: {why}</source>
   <translation>Ein Ergebnis in {name} wird nicht angezeigt: {why}</translation>
  </message>
  <message>
   <source>The record</source>
   <translation>Die Aufzeichnung</translation>
  </message>
  <message>
   <source>{name} is a result, not an image: choose the image.</source>
   <translation>{name} ist ein Ergebnis, kein Bild: Wählen Sie das Bild.</translation>
  </message>
  <message>
   <source>{segmentation} belongs to {owner}, not to {name}.</source>
   <translation>{segmentation} gehört zu {owner}, nicht zu {name}.</translation>
  </message>
  <message>
   <source>{segmentation} was made on another volume than {name}.</source>
   <translation>{segmentation} gehört zu einem anderen Volumen als {name}.</translation>
  </message>
  <message>
   <source>Choose a segmentation of {name}, or none, and a new one is made.</source>
   <translation>Wählen Sie eine Segmentierung von {name} oder keine; dann wird eine neue angelegt.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.requests</name>
  <message>
   <source>The volume was changed meanwhile; the result is not used.</source>
   <translation>Das Volumen wurde inzwischen verändert; das Ergebnis wird nicht verwendet.</translation>
  </message>
  <message>
   <source>{name} (disturbed)</source>
   <translation>{name} (gestört)</translation>
  </message>
  <message>
   <source>A click has no place: its coordinates are no numbers.</source>
   <translation>Ein Klick hat keinen Ort: Seine Koordinaten sind keine Zahlen.</translation>
  </message>
  <message>
   <source>The volume was removed meanwhile; the result is not used.</source>
   <translation>Das Volumen wurde inzwischen entfernt; das Ergebnis wird nicht verwendet.</translation>
  </message>
  <message>
   <source>The volume was removed before it could be segmented.</source>
   <translation>Das Volumen wurde entfernt, bevor es segmentiert werden konnte.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.result_files</name>
  <message>
   <source>Write the segments as DICOM SEG, and add them to the study in Slicer's DICOM database.</source>
   <translation>Die Segmente als DICOM SEG schreiben und in der DICOM-Datenbank von Slicer der Studie hinzufügen.</translation>
  </message>
  <message>
   <source>{volume} report</source>
   <translation>Bericht zu {volume}</translation>
  </message>
  <message>
   <source>Save the report</source>
   <translation>Bericht speichern</translation>
  </message>
  <message>
   <source>Web pages (*.html)</source>
   <translation>Webseiten (*.html)</translation>
  </message>
  <message>
   <source>The report was not saved: {why}</source>
   <translation>Der Bericht wurde nicht gespeichert: {why}</translation>
  </message>
  <message>
   <source>Report written to {path}.</source>
   <translation>Bericht gespeichert unter {path}.</translation>
  </message>
  <message>
   <source>The report was written to {path}. Open it?</source>
   <translation>Der Bericht wurde unter {path} gespeichert. Öffnen?</translation>
  </message>
  <message>
   <source>Export as DICOM into a folder</source>
   <translation>Als DICOM in einen Ordner exportieren</translation>
  </message>
  <message>
   <source>Nothing was exported: {why}</source>
   <translation>Nichts wurde exportiert: {why}</translation>
  </message>
  <message>
   <source>DICOM SEG written into {folder}, and added to Slicer's DICOM database.</source>
   <translation>DICOM SEG nach {folder} geschrieben und in die DICOM-Datenbank von Slicer aufgenommen.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.result_view</name>
  <message>
   <source>Structure</source>
   <translation>Struktur</translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation>Urteil</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.results</name>
  <message>
   <source>What was found lies {distance:.0f} mm from the click and is segmented already; nothing was changed. Click on the middle of the organ that is meant.</source>
   <translation>Was gefunden wurde, liegt {distance:.0f} mm vom Klick entfernt und ist schon segmentiert; nichts wurde geändert. Klicken Sie auf die Mitte des Organs, das gemeint ist.</translation>
  </message>
  <message>
   <source>at the click in {name}</source>
   <translation>am Klick in {name}</translation>
  </message>
  <message>
   <source>in {name}</source>
   <translation>in {name}</translation>
  </message>
  <message>
   <source>Nothing was found {where}, and nothing was added. Click on the middle of the organ; check the model.</source>
   <translation>Es wurde {where} nichts gefunden und nichts hinzugefügt. Klicken Sie auf die Mitte des Organs; prüfen Sie das Modell.</translation>
  </message>
  <message>
   <source>{volume} variance</source>
   <translation>{volume} Varianz</translation>
  </message>
  <message>
   <source>{volume} mean probability</source>
   <translation>{volume} mittlere Wahrscheinlichkeit</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.review</name>
  <message>
   <source>Unsure</source>
   <translation>Unsicher</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.sample_data</name>
  <message>
   <source>The sample could not be downloaded ({why}); load a T1-weighted head of your own.</source>
   <translation>Das Beispiel konnte nicht heruntergeladen werden ({why}); laden Sie einen eigenen T1-gewichteten Kopf.</translation>
  </message>
  <message>
   <source>no connection, or a damaged file; see Slicer's log</source>
   <translation>keine Verbindung oder eine beschädigte Datei; siehe Slicers Protokoll</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.save_dialog</name>
  <message>
   <source>{path} is there already. Replace it?</source>
   <translation>{path} ist bereits vorhanden. Ersetzen?</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.segments</name>
  <message>
   <source>{volume} segmentation</source>
   <translation>{volume} Segmentierung</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.several_volumes</name>
  <message>
   <source>Sum</source>
   <translation>Summe</translation>
  </message>
  <message>
   <source>Asymmetry</source>
   <translation>Asymmetrie</translation>
  </message>
  <message>
   <source>Volume</source>
   <translation>Volumen</translation>
  </message>
  <message>
   <source>Part</source>
   <translation>Teil</translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation>Urteil</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>Segment all that are checked</source>
   <translation>Alle angehakten segmentieren</translation>
  </message>
  <message>
   <source>One after the other, as if each was chosen and segmented by itself.</source>
   <translation>Nacheinander, als würde jedes einzeln gewählt und segmentiert.</translation>
  </message>
  <message>
   <source>Running</source>
   <translation>Läuft</translation>
  </message>
  <message>
   <source>Not segmented</source>
   <translation>Nicht segmentiert</translation>
  </message>
  <message>
   <source>The volumes are on the clipboard.</source>
   <translation>Die Volumina liegen in der Zwischenablage.</translation>
  </message>
  <message>
   <source>Save the volumes</source>
   <translation>Volumina speichern</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.tables</name>
  <message>
   <source>Tables (*.csv)</source>
   <translation>Tabellen (*.csv)</translation>
  </message>
  <message>
   <source>The volumes were not saved: {why}</source>
   <translation>Die Volumina wurden nicht gespeichert: {why}</translation>
  </message>
  <message>
   <source>Volumes written to {path}.</source>
   <translation>Volumina gespeichert unter {path}.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.volume_card</name>
  <message>
   <source>Together</source>
   <translation>Gesamt</translation>
  </message>
  <message>
   <source>ml</source>
   <translation>ml</translation>
  </message>
  <message>
   <source>Sum</source>
   <translation>Summe</translation>
  </message>
  <message>
   <source>Asymmetry</source>
   <translation>Asymmetrie</translation>
  </message>
  <message>
   <source>Volume</source>
   <translation>Volumen</translation>
  </message>
  <message>
   <source>The volumes are on the clipboard.</source>
   <translation>Die Volumina liegen in der Zwischenablage.</translation>
  </message>
  <message>
   <source>Save the volumes</source>
   <translation>Volumina speichern</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.volumes</name>
  <message>
   <source>The volume has no voxels; choose another one.</source>
   <translation>Das Volumen hat keine Voxel; wählen Sie ein anderes.</translation>
  </message>
  <message>
   <source>{name} is a color or vector volume; a scalar volume is needed.</source>
   <translation>{name} ist ein Farb- oder Vektorvolumen; benötigt wird ein skalares Volumen.</translation>
  </message>
  <message>
   <source>The axes of {name} do not span a volume; check its transform.</source>
   <translation>Die Achsen von {name} spannen kein Volumen auf; prüfen Sie die Transformation.</translation>
  </message>
  <message>
   <source>{name} is under a non-linear transform; harden the transform or remove it, then segment.</source>
   <translation>{name} unterliegt einer nichtlinearen Transformation; wenden Sie die Transformation fest an („Harden transform“) oder entfernen Sie sie, dann segmentieren Sie.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.watching</name>
  <message>
   <source>Wait until what is computed is done.</source>
   <translation>Warten Sie, bis die laufende Berechnung fertig ist.</translation>
  </message>
  <message>
   <source>Take the steps out of the scene.</source>
   <translation>Die Schritte aus der Szene nehmen.</translation>
  </message>
  <message>
   <source>Choose a volume and a model first.</source>
   <translation>Wählen Sie zuerst ein Volumen und ein Modell.</translation>
  </message>
  <message>
   <source>Segment something first: the last result is what is shown.</source>
   <translation>Segmentieren Sie zuerst etwas: Gezeigt wird das letzte Ergebnis.</translation>
  </message>
  <message>
   <source>There is nothing to remove.</source>
   <translation>Es gibt nichts zu entfernen.</translation>
  </message>
  <message>
   <source>Segment the image first: its copy is segmented at the same places.</source>
   <translation>Segmentieren Sie zuerst das Bild: Die Kopie wird an denselben Stellen segmentiert.</translation>
  </message>
  <message>
   <source>Choose {name}, which segmented the image: the lights of two models cannot be compared.</source>
   <translation>Wählen Sie {name}, womit das Bild segmentiert wurde: Die Ampeln zweier Modelle lassen sich nicht vergleichen.</translation>
  </message>
  <message>
   <source>Move a slider first.</source>
   <translation>Bewegen Sie zuerst einen Regler.</translation>
  </message>
  <message>
   <source>Undisturbed: {light}</source>
   <translation>Ungestört: {light}</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.ways</name>
  <message>
   <source>Choose a volume and a model first.</source>
   <translation>Wählen Sie zuerst ein Volumen und ein Modell.</translation>
  </message>
  <message>
   <source>This model does not say where its organ usually lies: click on it.</source>
   <translation>Dieses Modell gibt nicht an, wo sein Organ gewöhnlich liegt: Klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>The volume shows little more than one organ: segment it as a whole, or click.</source>
   <translation>Das Volumen zeigt kaum mehr als ein Organ: Segmentieren Sie es als Ganzes oder klicken Sie.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.worker_client</name>
  <message>
   <source>Worker started.</source>
   <translation>Rechenprozess gestartet.</translation>
  </message>
  <message>
   <source>PyTorch is loaded; the worker is ready.</source>
   <translation>PyTorch ist geladen; der Rechenprozess ist bereit.</translation>
  </message>
  <message>
   <source>The worker left no result.</source>
   <translation>Der Rechenprozess hat kein Ergebnis hinterlassen.</translation>
  </message>
  <message>
   <source>The worker does not answer; it is ended.</source>
   <translation>Der Rechenprozess antwortet nicht; er wird beendet.</translation>
  </message>
  <message>
   <source>The worker could not be started: {cause}.</source>
   <translation>Der Rechenprozess konnte nicht gestartet werden: {cause}.</translation>
  </message>
  <message>
   <source>The worker ended unexpectedly (exit code {code}). {tail}</source>
   <translation>Der Rechenprozess endete unerwartet (Exit-Code {code}). {tail}</translation>
  </message>
 </context>
 <context>
  <name>mednca</name>
  <message>
   <source>{kind}: {cause}</source>
   <translation>{kind}: {cause}</translation>
  </message>
  <message>
   <source>Its label map holds none of the model's labels ({wanted}), but {others}.</source>
   <translation>Die Labelmap enthält keines der Labels des Modells ({wanted}), sondern {others}.</translation>
  </message>
  <message>
   <source>Its label map holds none of the labels, so that there is nothing to measure.</source>
   <translation>Seine Labelmap enthält keines der Labels, sodass es nichts zu messen gibt.</translation>
  </message>
  <message>
   <source>The click ({shown}) mm RAS lies outside the image ({span} mm); click inside it.</source>
   <translation>Der Klick ({shown}) mm RAS liegt außerhalb des Bildes ({span} mm); klicken Sie in das Bild.</translation>
  </message>
  <message>
   <source>There is not enough memory for a field of {size} voxels; click on the organ, or close other programs.</source>
   <translation>Der Speicher reicht nicht für ein Bildfeld von {size} Voxeln; klicken Sie auf das Organ oder schließen Sie andere Programme.</translation>
  </message>
  <message>
   <source>The {device} device ran out of memory; the processor (cpu) is used instead.</source>
   <translation>Der Speicher des Geräts {device} reicht nicht aus; stattdessen rechnet der Prozessor (cpu).</translation>
  </message>
  <message>
   <source>{path} is a name that is not text; rename it.</source>
   <translation>{path} ist ein Name, der kein Text ist; benennen Sie die Datei um.</translation>
  </message>
  <message>
   <source>There is no room for {path} on its disk ({cause}); free some space and try again. What stood there before is unchanged.</source>
   <translation>Auf der Festplatte ist kein Platz für {path} ({cause}); schaffen Sie Platz und versuchen Sie es erneut. Was vorher dort stand, ist unverändert.</translation>
  </message>
  <message>
   <source>a file stands where a folder is needed</source>
   <translation>wo ein Ordner sein müsste, liegt eine Datei</translation>
  </message>
  <message>
   <source>the file did not become whole; the disk may be full or broken</source>
   <translation>die Datei wurde nicht vollständig; die Festplatte ist vielleicht voll oder defekt</translation>
  </message>
  <message>
   <source>{path} cannot be written ({cause}); choose another place, or make this one writable.</source>
   <translation>{path} kann nicht geschrieben werden ({cause}); wählen Sie einen anderen Ort oder machen Sie diesen beschreibbar.</translation>
  </message>
  <message>
   <source>{path} already exists, so it is not replaced; choose another name, or remove it first.</source>
   <translation>{path} ist bereits vorhanden und wird daher nicht ersetzt; wählen Sie einen anderen Namen oder entfernen Sie es zuerst.</translation>
  </message>
  <message>
   <source>{target} is no name of a file or folder; choose another place.</source>
   <translation>{target} ist kein Name einer Datei oder eines Ordners; wählen Sie einen anderen Ort.</translation>
  </message>
  <message>
   <source>{what} is in use by another program; wait until that has ended, or choose another place.</source>
   <translation>{what} wird von einem anderen Programm verwendet; warten Sie, bis es beendet ist, oder wählen Sie einen anderen Ort.</translation>
  </message>
  <message>
   <source>The image has no contrast; is it an image, not a label map?</source>
   <translation>Das Bild hat keinen Kontrast; ist es ein Bild und keine Labelmap?</translation>
  </message>
  <message>
   <source>The DICOM series in {folder} cannot be read: its reader left off half-way.</source>
   <translation>Die DICOM-Serie in {folder} kann nicht gelesen werden: Das Lesen brach auf halbem Weg ab.</translation>
  </message>
  <message>
   <source>The DICOM series in {folder} cannot be read: its reader had not ended after {seconds} s.</source>
   <translation>Die DICOM-Serie in {folder} kann nicht gelesen werden: Das Lesen war nach {seconds} s nicht beendet.</translation>
  </message>
  <message>
   <source>exit status {number}</source>
   <translation>Exit-Status {number}</translation>
  </message>
  <message>
   <source>signal {number}</source>
   <translation>Signal {number}</translation>
  </message>
  <message>
   <source>The DICOM series in {folder} made its reader end ({how}); a file in it is damaged.</source>
   <translation>An der DICOM-Serie in {folder} ist das Leseprogramm abgestürzt ({how}); eine Datei darin ist beschädigt.</translation>
  </message>
  <message>
   <source>The DICOM series in {folder} cannot be read: {refusal}.</source>
   <translation>Die DICOM-Serie in {folder} kann nicht gelesen werden: {refusal}.</translation>
  </message>
  <message>
   <source>The DICOM series in {folder} cannot be read ({cause}).</source>
   <translation>Die DICOM-Serie in {folder} kann nicht gelesen werden ({cause}).</translation>
  </message>
  <message>
   <source>the folder holds {count} files, more than the {limit} that are read</source>
   <translation>der Ordner enthält {count} Dateien, mehr als die {limit}, die gelesen werden</translation>
  </message>
  <message>
   <source>{name} cannot be read as DICOM</source>
   <translation>{name} kann nicht als DICOM gelesen werden</translation>
  </message>
  <message>
   <source>{name} cannot be read ({cause})</source>
   <translation>{name} kann nicht gelesen werden ({cause})</translation>
  </message>
  <message>
   <source>the folder holds no DICOM image</source>
   <translation>der Ordner enthält kein DICOM-Bild</translation>
  </message>
  <message>
   <source>{name} holds several frames; convert it to NIfTI or NRRD</source>
   <translation>{name} enthält mehrere Einzelbilder; wandeln Sie die Datei in NIfTI oder NRRD um</translation>
  </message>
  <message>
   <source>{name} lacks {key}</source>
   <translation>in {name} fehlt {key}</translation>
  </message>
  <message>
   <source>{name} is in color; a scalar volume is needed</source>
   <translation>{name} ist farbig; benötigt wird ein skalares Volumen</translation>
  </message>
  <message>
   <source>{name} is damaged: {there} of {needed} bytes of voxels</source>
   <translation>{name} ist beschädigt: {there} von {needed} Bytes der Voxel</translation>
  </message>
  <message>
   <source>{name} has an orientation that is none</source>
   <translation>die Orientierung in {name} ist ungültig</translation>
  </message>
  <message>
   <source>an orientation is not a number</source>
   <translation>eine Orientierung ist keine Zahl</translation>
  </message>
  <message>
   <source>the folder holds {count} DICOM series; give a folder with one</source>
   <translation>der Ordner enthält {count} DICOM-Serien; geben Sie einen Ordner mit nur einer an</translation>
  </message>
  <message>
   <source>{name} and {other} differ in {key}</source>
   <translation>{name} und {other} unterscheiden sich in {key}</translation>
  </message>
  <message>
   <source>{name} and {other} differ in voxel size or orientation</source>
   <translation>{name} und {other} unterscheiden sich in Voxelgröße oder Orientierung</translation>
  </message>
  <message>
   <source>it has one slice only; a volume is needed</source>
   <translation>sie hat nur eine Schicht; benötigt wird ein Volumen</translation>
  </message>
  <message>
   <source>{name} has a position that is none</source>
   <translation>die Position in {name} ist ungültig</translation>
  </message>
  <message>
   <source>several slices lie at one position, {name} for one</source>
   <translation>mehrere Schichten liegen an derselben Position, zum Beispiel {name}</translation>
  </message>
  <message>
   <source>its slices are not evenly spaced; one may be missing</source>
   <translation>die Abstände ihrer Schichten sind nicht gleich; vielleicht fehlt eine</translation>
  </message>
  <message>
   <source>its slices do not lie straight above each other (gantry tilt); resample it first</source>
   <translation>ihre Schichten liegen nicht gerade übereinander (Gantry-Neigung); rechnen Sie sie zuerst auf ein rechtwinkliges Gitter um</translation>
  </message>
  <message>
   <source>{decoded} voxels were decoded, {size} are told of</source>
   <translation>{decoded} Voxel wurden dekodiert, {size} sind angegeben</translation>
  </message>
  <message>
   <source>the distance between its slices cannot be told for certain</source>
   <translation>der Abstand ihrer Schichten lässt sich nicht sicher bestimmen</translation>
  </message>
  <message>
   <source>An image of several channels is not disturbed; choose one of them.</source>
   <translation>Ein Bild mit mehreren Kanälen wird nicht gestört; wählen Sie einen davon.</translation>
  </message>
  <message>
   <source>The severity of {name} must lie between 0 and 1, not {severity}.</source>
   <translation>Die Stärke von {name} muss zwischen 0 und 1 liegen, nicht bei {severity}.</translation>
  </message>
  <message>
   <source>The field of view has no contrast (all voxels alike); is the click outside the anatomy?</source>
   <translation>Das Bildfeld hat keinen Kontrast (alle Voxel sind gleich); liegt der Klick außerhalb der Anatomie?</translation>
  </message>
  <message>
   <source>{name} has a size of {size} voxels in its header; that is no volume.</source>
   <translation>{name} hat laut Header eine Größe von {size} Voxeln; das ist kein Volumen.</translation>
  </message>
  <message>
   <source>{name} has {count} values per voxel (color or vector); a scalar volume is needed.</source>
   <translation>{name} hat {count} Werte je Voxel (Farbe oder Vektor); benötigt wird ein skalares Volumen.</translation>
  </message>
  <message>
   <source>{name} is complex-valued; export its magnitude and segment that.</source>
   <translation>{name} ist komplexwertig; exportieren Sie den Betrag und segmentieren Sie diesen.</translation>
  </message>
  <message>
   <source>extract one frame as a 3D volume</source>
   <translation>extrahieren Sie ein Einzelbild als 3D-Volumen</translation>
  </message>
  <message>
   <source>a stack of slices in one file is needed</source>
   <translation>benötigt wird ein Schichtstapel in einer Datei</translation>
  </message>
  <message>
   <source>{name} is {dimensions}D; MedNCA segments 3D volumes: {hint}.</source>
   <translation>{name} ist {dimensions}D; MedNCA segmentiert 3D-Volumina: {hint}.</translation>
  </message>
  <message>
   <source>{name} has a slope or intercept of its values that is not a number; correct the header.</source>
   <translation>In {name} ist Steigung oder Achsenabschnitt der Werte (slope, intercept) keine Zahl; korrigieren Sie den Header.</translation>
  </message>
  <message>
   <source>{name} has a voxel spacing of {shown} mm; every value must lie between {low} and {high} mm. Correct the header.</source>
   <translation>{name} hat einen Voxelabstand von {shown} mm; jeder Wert muss zwischen {low} und {high} mm liegen. Korrigieren Sie den Header.</translation>
  </message>
  <message>
   <source>{name} has axes that are not perpendicular (gantry tilt or shear); resample it first.</source>
   <translation>{name} hat Achsen, die nicht rechtwinklig zueinander stehen (Gantry-Neigung oder Scherung); rechnen Sie das Bild zuerst auf ein rechtwinkliges Gitter um.</translation>
  </message>
  <message>
   <source>{name} has an origin that is not a number; correct the header.</source>
   <translation>In {name} ist der Ursprung keine Zahl; korrigieren Sie den Header.</translation>
  </message>
  <message>
   <source>{file} has {size} voxels, more than the {limit} that are read; crop or resample it.</source>
   <translation>{file} hat {size} Voxel, mehr als die {limit}, die gelesen werden; schneiden Sie das Bild zu oder rechnen Sie es auf ein gröberes Gitter um.</translation>
  </message>
  <message>
   <source>{file} has {size} voxels, which need {needed} GB; this computer has {there} GB. Crop or resample it.</source>
   <translation>{file} hat {size} Voxel, die {needed} GB benötigen; dieser Computer hat {there} GB. Schneiden Sie das Bild zu oder rechnen Sie es auf ein gröberes Gitter um.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its header lacks the field {cause}.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Im Header fehlt das Feld {cause}.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its header is not valid ({cause}).</source>
   <translation>{path} kann nicht als Bild gelesen werden: Der Header ist ungültig ({cause}).</translation>
  </message>
  <message>
   <source>{header} names {name} as the file of its voxels; only a file beside it is read, by its plain name.</source>
   <translation>{header} nennt {name} als Datei der Voxel; gelesen wird nur eine Datei daneben, unter ihrem bloßen Namen.</translation>
  </message>
  <message>
   <source>{header} needs the file {name} beside it for its voxels; copy it there.</source>
   <translation>{header} benötigt für die Voxel die Datei {name} daneben; kopieren Sie sie dorthin.</translation>
  </message>
  <message>
   <source>{header} names {name} as the file of its voxels, which is no regular file.</source>
   <translation>{header} nennt {name} als Datei der Voxel, aber das ist keine gewöhnliche Datei.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: it has no MetaImage header that ends as one does.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Die Datei hat keinen MetaImage-Header, der so endet, wie er muss.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its header has the field {field} twice.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Das Feld {field} steht zweimal im Header.</translation>
  </message>
  <message>
   <source>it holds no image but a {type}</source>
   <translation>die Datei enthält kein Bild, sondern {type}</translation>
  </message>
  <message>
   <source>NDims and DimSize differ</source>
   <translation>NDims und DimSize passen nicht zusammen</translation>
  </message>
  <message>
   <source>{count} dimensions</source>
   <translation>{count} Dimensionen</translation>
  </message>
  <message>
   <source>voxels of type {type}</source>
   <translation>Voxel vom Typ {type}</translation>
  </message>
  <message>
   <source>its voxels lie in a list of files; save it as one file</source>
   <translation>die Voxel liegen in einer Liste von Dateien; speichern Sie das Bild als eine Datei</translation>
  </message>
  <message>
   <source>HeaderSize {skip}</source>
   <translation>HeaderSize {skip}</translation>
  </message>
  <message>
   <source>text that is compressed</source>
   <translation>komprimierter Text</translation>
  </message>
  <message>
   <source>its compressed voxels have {there} bytes, its header says {told}: it is cut short</source>
   <translation>die komprimierten Voxel haben {there} Bytes, der Header gibt {told} an: Die Datei ist abgeschnitten</translation>
  </message>
  <message>
   <source>it is cut short: more voxels than the file has bytes</source>
   <translation>die Datei ist abgeschnitten: mehr Voxel, als die Datei Bytes hat</translation>
  </message>
  <message>
   <source>a spacing of {spacing} mm</source>
   <translation>ein Abstand von {spacing} mm</translation>
  </message>
  <message>
   <source>{key} has {found} numbers, not {count}</source>
   <translation>{key} hat {found} Zahlen statt {count}</translation>
  </message>
  <message>
   <source>{key} is {value}</source>
   <translation>{key} ist {value}</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image ({cause}); it is damaged or cut short.</source>
   <translation>{path} kann nicht als Bild gelesen werden ({cause}); die Datei ist beschädigt oder abgeschnitten.</translation>
  </message>
  <message>
   <source>{path} measures lengths in another unit than mm (xyzt_units in its header); convert it.</source>
   <translation>{path} misst Längen in einer anderen Einheit als mm (xyzt_units im Header); wandeln Sie die Datei um.</translation>
  </message>
  <message>
   <source>{path} has a slope of 0 beside an intercept (scl_slope, scl_inter), which programs read in different ways; correct the header.</source>
   <translation>{path} hat eine Steigung von 0 neben einem Achsenabschnitt (scl_slope, scl_inter), was Programme unterschiedlich lesen; korrigieren Sie den Header.</translation>
  </message>
  <message>
   <source>{path} is compressed; rename it, so that its name ends in .nii.gz.</source>
   <translation>{path} ist komprimiert; benennen Sie die Datei so um, dass ihr Name auf .nii.gz endet.</translation>
  </message>
  <message>
   <source>{path} is not compressed; rename it, so that its name ends in .nii.</source>
   <translation>{path} ist nicht komprimiert; benennen Sie die Datei so um, dass ihr Name auf .nii endet.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: it is no NIfTI file in one piece.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Es ist keine NIfTI-Datei aus einem Stück.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: it has no NIfTI header.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Die Datei hat keinen NIfTI-Header.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its header tells of {count} dimensions.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Der Header gibt {count} Dimensionen an.</translation>
  </message>
  <message>
   <source>{path} holds voxels of a type (NIfTI code {code}) that cannot be read; convert it.</source>
   <translation>{path} enthält Voxel eines Typs (NIfTI-Code {code}), der nicht gelesen werden kann; wandeln Sie die Datei um.</translation>
  </message>
  <message>
   <source>{path} contradicts itself: its voxels of NIfTI type {code} have {expected} bits, its header says {bits}; export it again.</source>
   <translation>{path} widerspricht sich: Voxel vom NIfTI-Typ {code} haben {expected} Bits, der Header gibt {bits} an; exportieren Sie die Datei erneut.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its voxels would begin at byte {offset}, within or far behind its header; export it again.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Die Voxel würden bei Byte {offset} beginnen, innerhalb oder weit hinter dem Header; exportieren Sie die Datei erneut.</translation>
  </message>
  <message>
   <source>{path} has a voxel spacing of {shown} mm in its header; it must be positive. Correct it.</source>
   <translation>{path} hat laut Header einen Voxelabstand von {shown} mm; er muss positiv sein. Korrigieren Sie ihn.</translation>
  </message>
  <message>
   <source>{path} does not say how it is oriented (its qform and sform codes are 0); export it again.</source>
   <translation>{path} gibt die Orientierung nicht an (qform- und sform-Code sind 0); exportieren Sie die Datei erneut.</translation>
  </message>
  <message>
   <source>{path} contradicts itself: its sform and its pixdim give different voxel sizes; correct it.</source>
   <translation>{path} widerspricht sich: sform und pixdim ergeben verschiedene Voxelgrößen; korrigieren Sie die Datei.</translation>
  </message>
  <message>
   <source>{path} has axes that are not perpendicular (gantry tilt or shear); resample it first.</source>
   <translation>{path} hat Achsen, die nicht rechtwinklig zueinander stehen (Gantry-Neigung oder Scherung); rechnen Sie das Bild zuerst auf ein rechtwinkliges Gitter um.</translation>
  </message>
  <message>
   <source>{path} has an orientation (qform) that is none; export it again.</source>
   <translation>Die Orientierung (qform) in {path} ist ungültig; exportieren Sie die Datei erneut.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: it has no NRRD header.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Die Datei hat keinen NRRD-Header.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: its header does not end.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Der Header endet nicht.</translation>
  </message>
  <message>
   <source>dimension and sizes differ</source>
   <translation>dimension und sizes passen nicht zusammen</translation>
  </message>
  <message>
   <source>it names no file of the voxels</source>
   <translation>er nennt keine Datei der Voxel</translation>
  </message>
  <message>
   <source>lines or bytes that are skipped</source>
   <translation>übersprungene Zeilen oder Bytes</translation>
  </message>
  <message>
   <source>more voxels than the file has bytes</source>
   <translation>mehr Voxel, als die Datei Bytes hat</translation>
  </message>
  <message>
   <source>byte order {order}</source>
   <translation>Byte-Reihenfolge {order}</translation>
  </message>
  <message>
   <source>it does not say its byte order</source>
   <translation>er gibt die Byte-Reihenfolge nicht an</translation>
  </message>
  <message>
   <source>encoding {type}; raw, gzip and text are read</source>
   <translation>Kodierung {type}; gelesen werden raw, gzip und text</translation>
  </message>
  <message>
   <source>space units other than mm</source>
   <translation>Längeneinheiten außer mm</translation>
  </message>
  <message>
   <source>space directions and sizes differ</source>
   <translation>space directions und sizes passen nicht zusammen</translation>
  </message>
  <message>
   <source>space {space}</source>
   <translation>space {space}</translation>
  </message>
  <message>
   <source>space directions that are not in three dimensions</source>
   <translation>space directions, die nicht dreidimensional sind</translation>
  </message>
  <message>
   <source>space directions that span no volume; the spacing must be positive</source>
   <translation>space directions, die kein Volumen aufspannen; der Abstand muss positiv sein</translation>
  </message>
  <message>
   <source>space origin</source>
   <translation>space origin</translation>
  </message>
  <message>
   <source>a {field} without space directions</source>
   <translation>{field} ohne space directions</translation>
  </message>
  <message>
   <source>axis mins in place of a space origin</source>
   <translation>axis mins anstelle von space origin</translation>
  </message>
  <message>
   <source>spacings and sizes differ</source>
   <translation>spacings und sizes passen nicht zusammen</translation>
  </message>
  <message>
   <source>{file} cannot be read as an image ({cause}); it is damaged or cut short, copy it again.</source>
   <translation>{file} kann nicht als Bild gelesen werden ({cause}); die Datei ist beschädigt oder abgeschnitten. Kopieren Sie sie erneut.</translation>
  </message>
  <message>
   <source>There is not enough memory to read {file}; close other programs, or crop the image.</source>
   <translation>Der Speicher reicht nicht, um {file} zu lesen; schließen Sie andere Programme oder schneiden Sie das Bild zu.</translation>
  </message>
  <message>
   <source>it is cut short ({there} of {needed} bytes)</source>
   <translation>sie ist abgeschnitten ({there} von {needed} Bytes)</translation>
  </message>
  <message>
   <source>the compressed data end within the header</source>
   <translation>die komprimierten Daten enden innerhalb des Headers</translation>
  </message>
  <message>
   <source>the compressed data are cut short</source>
   <translation>die komprimierten Daten sind abgeschnitten</translation>
  </message>
  <message>
   <source>its voxels end early ({there} of {needed} bytes)</source>
   <translation>die Voxel enden zu früh ({there} von {needed} Bytes)</translation>
  </message>
  <message>
   <source>its voxels are not numbers written as text</source>
   <translation>die Voxel sind keine als Text geschriebenen Zahlen</translation>
  </message>
  <message>
   <source>it has {there} of {needed} voxels</source>
   <translation>sie enthält {there} von {needed} Voxeln</translation>
  </message>
  <message>
   <source>some of its voxels are no {type}</source>
   <translation>einige Voxel sind nicht vom Typ {type}</translation>
  </message>
  <message>
   <source>it is cut short ({there} of {needed} bytes of voxels)</source>
   <translation>sie ist abgeschnitten ({there} von {needed} Bytes der Voxel)</translation>
  </message>
  <message>
   <source>it holds more than the {bytes} bytes of voxels that its header tells of</source>
   <translation>sie enthält mehr als die {bytes} Bytes der Voxel, die der Header angibt</translation>
  </message>
  <message>
   <source>{file} cannot be read as an image: {what}; copy or export it again.</source>
   <translation>Die Datei {file} kann nicht als Bild gelesen werden: {what}; kopieren oder exportieren Sie sie erneut.</translation>
  </message>
  <message>
   <source>{path} cannot be read ({cause}); check the path.</source>
   <translation>{path} kann nicht gelesen werden ({cause}); prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>The folder {path} holds no image: no {suffixes} file and no DICOM series.</source>
   <translation>Der Ordner {path} enthält kein Bild: weder eine Datei {suffixes} noch eine DICOM-Serie.</translation>
  </message>
  <message>
   <source>{name} has no label map; the names of the files must match.</source>
   <translation>Zu {name} gibt es keine Labelmap; die Dateinamen müssen übereinstimmen.</translation>
  </message>
  <message>
   <source>{name} has no image; the names of the files must match.</source>
   <translation>Zu {name} gibt es kein Bild; die Dateinamen müssen übereinstimmen.</translation>
  </message>
  <message>
   <source>They are empty.</source>
   <translation>Sie sind leer.</translation>
  </message>
  <message>
   <source>The folders hold no image with its label map. {why}</source>
   <translation>Die Ordner enthalten kein Bild mit zugehöriger Labelmap. {why}</translation>
  </message>
  <message>
   <source>{name} has {count} channels, more than {most} ({channels}).</source>
   <translation>{name} hat {count} Kanäle, mehr als {most} ({channels}).</translation>
  </message>
  <message>
   <source>{name} lacks its channel {channel}, the file {file}.</source>
   <translation>Zu {name} fehlt der Kanal {channel}, die Datei {file}.</translation>
  </message>
  <message>
   <source>{folder} is not a folder that can be read ({cause}); check the path.</source>
   <translation>{folder} ist kein lesbarer Ordner ({cause}); prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>{one} and {other} have the same name; keep one of them in the folder.</source>
   <translation>{one} und {other} haben denselben Namen; behalten Sie nur eine der Dateien im Ordner.</translation>
  </message>
  <message>
   <source>{name}: image and label map differ in size, spacing, origin or direction.</source>
   <translation>{name}: Bild und Labelmap unterscheiden sich in Größe, Voxelabstand, Ursprung oder Richtung.</translation>
  </message>
  <message>
   <source>{path} is no label map: its values are not whole numbers from 0 to 255.</source>
   <translation>{path} ist keine Labelmap: Die Werte sind keine ganzen Zahlen von 0 bis 255.</translation>
  </message>
  <message>
   <source>{name} holds NaN or infinite voxels; replace them before segmenting.</source>
   <translation>{name} enthält Voxel, die unendlich oder keine Zahl (NaN) sind; ersetzen Sie diese vor dem Segmentieren.</translation>
  </message>
  <message>
   <source>{name} is constant (every voxel is {low}): there is nothing to segment.</source>
   <translation>{name} ist konstant (jeder Voxel ist {low}): Es gibt nichts zu segmentieren.</translation>
  </message>
  <message>
   <source>{name} shows nothing of what {first_name} shows, so that it is no channel of it.</source>
   <translation>{name} zeigt nichts von dem, was {first_name} zeigt, und ist daher kein Kanal davon.</translation>
  </message>
  <message>
   <source>The folder {path} holds no DICOM series.</source>
   <translation>Der Ordner {path} enthält keine DICOM-Serie.</translation>
  </message>
  <message>
   <source>{path} is empty (0 bytes); copy or export it again.</source>
   <translation>{path} ist leer (0 Bytes); kopieren oder exportieren Sie die Datei erneut.</translation>
  </message>
  <message>
   <source>{path} does not exist; check the path.</source>
   <translation>{path} gibt es nicht; prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>{path} is no regular file; check the path.</source>
   <translation>{path} ist keine gewöhnliche Datei; prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>{path} cannot be read as an image: {suffixes} are read, and folders of DICOM.</source>
   <translation>{path} kann nicht als Bild gelesen werden: Gelesen werden {suffixes} und Ordner mit DICOM.</translation>
  </message>
  <message>
   <source>A line of the worker</source>
   <translation>Eine Zeile des Rechenprozesses</translation>
  </message>
  <message>
   <source>A line of the worker cannot be understood ({cause}).</source>
   <translation>Eine Zeile des Rechenprozesses ist nicht zu verstehen ({cause}).</translation>
  </message>
  <message>
   <source>{path}: the architecture's number of labels is not the length of the label list.</source>
   <translation>{path}: Die Zahl der Labels in der Architektur ist nicht die Länge der Labelliste.</translation>
  </message>
  <message>
   <source>{path}: the quality record cannot be understood: {cause}.</source>
   <translation>{path}: Die Angaben zur Qualität sind nicht zu verstehen: {cause}.</translation>
  </message>
  <message>
   <source>{path} is not the file that {json} was written for (SHA-256 differs): it was changed or damaged. Copy the model again.</source>
   <translation>{path} ist nicht die Datei, zu der {json} geschrieben wurde (SHA-256 weicht ab): Sie wurde verändert oder beschädigt. Kopieren Sie das Modell erneut.</translation>
  </message>
  <message>
   <source>{path} is missing; a model needs {json} and {weights}.</source>
   <translation>{path} fehlt; ein Modell benötigt {json} und {weights}.</translation>
  </message>
  <message>
   <source>{path} has {size} bytes; between 1 and {limit} are allowed.</source>
   <translation>{path} hat {size} Bytes; zulässig sind 1 bis {limit}.</translation>
  </message>
  <message>
   <source>{path} cannot be read ({cause}); check who may read it.</source>
   <translation>{path} kann nicht gelesen werden ({cause}); prüfen Sie die Leserechte.</translation>
  </message>
  <message>
   <source>Its id {id} is that of the model in {folder}; rename one.</source>
   <translation>Die Kennung {id} ist auch die des Modells in {folder}; benennen Sie eines um.</translation>
  </message>
  <message>
   <source>There is no model {model}: neither a folder nor one of the library's ({known}).</source>
   <translation>Es gibt kein Modell {model}: weder einen Ordner noch eines der Bibliothek ({known}).</translation>
  </message>
  <message>
   <source>{path} is there already; give the file another name.</source>
   <translation>{path} gibt es bereits; geben Sie der Datei einen anderen Namen.</translation>
  </message>
  <message>
   <source>{path} cannot be written: give a file in a folder that exists.</source>
   <translation>{path} kann nicht geschrieben werden: Geben Sie eine Datei in einem vorhandenen Ordner an.</translation>
  </message>
  <message>
   <source>{source}: {id} is no id of a model.</source>
   <translation>{source}: {id} ist keine Kennung eines Modells.</translation>
  </message>
  <message>
   <source>{id} is the id of a model that comes with MedNCA: it is there already, and read-only.</source>
   <translation>{id} ist die Kennung eines Modells, das mit MedNCA kommt: Es ist bereits da und schreibgeschützt.</translation>
  </message>
  <message>
   <source>{folder} already holds a model {id}; remove it first.</source>
   <translation>{folder} enthält bereits ein Modell {id}; entfernen Sie es zuerst.</translation>
  </message>
  <message>
   <source>There already is a model {id}; remove it first, or replace it (--replace).</source>
   <translation>Ein Modell {id} gibt es bereits; entfernen Sie es zuerst oder ersetzen Sie es (--replace).</translation>
  </message>
  <message>
   <source>There is no model {id} among your own; bundled models cannot be removed.</source>
   <translation>Unter Ihren eigenen Modellen gibt es kein Modell {id}; mitgelieferte Modelle können nicht entfernt werden.</translation>
  </message>
  <message>
   <source>{folder} cannot be read: {cause}.</source>
   <translation>{folder} kann nicht gelesen werden: {cause}.</translation>
  </message>
  <message>
   <source>{path}: {name} is larger than {limit} bytes.</source>
   <translation>{path}: {name} ist größer als {limit} Bytes.</translation>
  </message>
  <message>
   <source>{path} is not a whole, plain zip file ({cause}).</source>
   <translation>{path} ist keine vollständige, einfache ZIP-Datei ({cause}).</translation>
  </message>
  <message>
   <source>{path} holds {count} entries; a model has {expected} files.</source>
   <translation>{path} enthält {count} Einträge; ein Modell hat {expected} Dateien.</translation>
  </message>
  <message>
   <source>{path} holds {name}, which is no file of a model; not imported.</source>
   <translation>{path} enthält {name}, was keine Datei eines Modells ist; nicht importiert.</translation>
  </message>
  <message>
   <source>{path} holds {name}; a model has only {known}.</source>
   <translation>{path} enthält {name}; ein Modell hat nur {known}.</translation>
  </message>
  <message>
   <source>{path}: {name} would unpack to {size} bytes, which is too large.</source>
   <translation>{path}: {name} hätte entpackt {size} Bytes, das ist zu groß.</translation>
  </message>
  <message>
   <source>{path} is no exported model: {json} and {weights} must lie together in it.</source>
   <translation>{path} ist kein exportiertes Modell: {json} und {weights} müssen darin beieinander liegen.</translation>
  </message>
  <message>
   <source>{what}: two labels have the same value.</source>
   <translation>{what}: Zwei Labels haben denselben Wert.</translation>
  </message>
  <message>
   <source>{what}: label names must differ from each other and from 'union'.</source>
   <translation>{what}: Die Namen der Labels müssen sich voneinander und von 'union' unterscheiden.</translation>
  </message>
  <message>
   <source>{what}: the percentiles are not ascending.</source>
   <translation>{what}: Die Perzentile sind nicht aufsteigend.</translation>
  </message>
  <message>
   <source>{what}: {names} channel(s) have names, and the architecture has {count}.</source>
   <translation>{what}: Zahl der Kanäle mit Namen: {names}; die Architektur hat {count}.</translation>
  </message>
  <message>
   <source>{path} does not describe a MedNCA model: it has no schema_version.</source>
   <translation>{path} beschreibt kein MedNCA-Modell: schema_version fehlt.</translation>
  </message>
  <message>
   <source>{path} has schema version {found}; this MedNCA reads version {version}. Update MedNCA, or get a model made for it.</source>
   <translation>{path} hat die Schemaversion {found}; diese MedNCA-Version liest Version {version}. Aktualisieren Sie MedNCA oder besorgen Sie ein Modell, das dafür erstellt wurde.</translation>
  </message>
  <message>
   <source>{path} is not a whole safetensors file ({cause}); copy the model again.</source>
   <translation>{path} ist keine vollständige safetensors-Datei ({cause}); kopieren Sie das Modell erneut.</translation>
  </message>
  <message>
   <source>{path} does not hold the tensors of this architecture; {name} for one.</source>
   <translation>{path} enthält nicht die Tensoren dieser Architektur; zum Beispiel {name}.</translation>
  </message>
  <message>
   <source>{path}: {name} is {type} of shape {shape}, the architecture needs float32 of {expected}.</source>
   <translation>{path}: {name} ist {type} der Form {shape}, die Architektur benötigt float32 der Form {expected}.</translation>
  </message>
  <message>
   <source>{path}: {name} holds NaN or infinite values.</source>
   <translation>{path}: {name} enthält Werte, die unendlich oder keine Zahl (NaN) sind.</translation>
  </message>
  <message>
   <source>{path}: {name} holds negative variances.</source>
   <translation>{path}: {name} enthält negative Varianzen.</translation>
  </message>
  <message>
   <source>The image has only {size} voxels (R, A, S) on the model's grid; this model needs at least {needed}.</source>
   <translation>Das Bild hat auf dem Gitter des Modells nur {size} Voxel (R, A, S); dieses Modell benötigt mindestens {needed}.</translation>
  </message>
  <message>
   <source>The model's architecture cannot be read: {cause}.</source>
   <translation>Die Architektur des Modells kann nicht gelesen werden: {cause}.</translation>
  </message>
  <message>
   <source>The model says it is {dimensions}D, but {family} is {expected}D.</source>
   <translation>Das Modell gibt {dimensions}D an, aber {family} ist {expected}D.</translation>
  </message>
  <message>
   <source>Unknown model family {family}; known are {known}.</source>
   <translation>Unbekannte Modellfamilie {family}; bekannt sind {known}.</translation>
  </message>
  <message>
   <source>norm must be one of {known}, not {norm}</source>
   <translation>norm muss eines von {known} sein, nicht {norm}</translation>
  </message>
  <message>
   <source>fire_rate must lie in (0, 1]</source>
   <translation>fire_rate muss in (0, 1] liegen</translation>
  </message>
  <message>
   <source>a 2D model needs slice_axis 0, 1 or 2 (R, A, S)</source>
   <translation>ein 2D-Modell benötigt slice_axis 0, 1 oder 2 (R, A, S)</translation>
  </message>
  <message>
   <source>a 3D model has no slice_axis</source>
   <translation>ein 3D-Modell hat keine slice_axis</translation>
  </message>
  <message>
   <source>the number of levels</source>
   <translation>die Zahl der Stufen</translation>
  </message>
  <message>
   <source>kernel must be odd</source>
   <translation>kernel muss ungerade sein</translation>
  </message>
  <message>
   <source>{family} has fixed filters: its kernel is {kernel}</source>
   <translation>{family} hat feste Filter: kernel ist {kernel}</translation>
  </message>
  <message>
   <source>scale needs three numbers (R, A, S)</source>
   <translation>scale benötigt drei Zahlen (R, A, S)</translation>
  </message>
  <message>
   <source>scale along slice_axis must be 1</source>
   <translation>scale muss entlang slice_axis 1 sein</translation>
  </message>
  <message>
   <source>each level's scale must be a multiple of the next level's</source>
   <translation>scale jeder Stufe muss ein Vielfaches dessen der nächsten Stufe sein</translation>
  </message>
  <message>
   <source>{name} must be a whole number from {low} to {high}, not {value}</source>
   <translation>{name} muss eine ganze Zahl von {low} bis {high} sein, nicht {value}</translation>
  </message>
  <message>
   <source>The model's architecture is not valid: {why}.</source>
   <translation>Die Architektur des Modells ist ungültig: {why}.</translation>
  </message>
  <message>
   <source>Unknown device {name}; choose one of {known} (or cuda:1 and so on).</source>
   <translation>Unbekanntes Gerät {name}; wählen Sie eines von {known} (oder cuda:1 und so weiter).</translation>
  </message>
  <message>
   <source>No {name} device is available here; the processor (cpu) is used instead.</source>
   <translation>Hier ist kein Gerät {name} verfügbar; stattdessen rechnet der Prozessor (cpu).</translation>
  </message>
  <message>
   <source>{size} voxels need {needed} MB at least, {held} MB of it for the image, more than the memory limit of {limit} MB; raise the limit, crop the image or, where you have not, click on the organ to take a smaller field.</source>
   <translation>{size} Voxel benötigen mindestens {needed} MB, davon {held} MB für das Bild, mehr als die Speichergrenze von {limit} MB; erhöhen Sie die Grenze, schneiden Sie das Bild zu oder klicken Sie, falls noch nicht geschehen, auf das Organ, um ein kleineres Bildfeld zu nehmen.</translation>
  </message>
  <message>
   <source>{size} voxels need {needed} MB at least, more than the memory limit of {limit} MB; raise the limit, crop the image or, where you have not, click on the organ to take a smaller field.</source>
   <translation>{size} Voxel benötigen mindestens {needed} MB, mehr als die Speichergrenze von {limit} MB; erhöhen Sie die Grenze, schneiden Sie das Bild zu oder klicken Sie, falls noch nicht geschehen, auf das Organ, um ein kleineres Bildfeld zu nehmen.</translation>
  </message>
  <message>
   <source>The process that worked on it died; it may need too much memory.</source>
   <translation>Der Prozess, der daran arbeitete, wurde unerwartet beendet; vielleicht benötigt er zu viel Speicher.</translation>
  </message>
  <message>
   <source>a calibration needs four equally long, finite curves</source>
   <translation>eine Kalibrierung benötigt vier gleich lange, endliche Kurven</translation>
  </message>
  <message>
   <source>a calibration's signal must be a name</source>
   <translation>das Signal einer Kalibrierung muss ein Name sein</translation>
  </message>
  <message>
   <source>a calibration's knots must ascend, its Dice fall, and low &lt;= dice &lt;= high</source>
   <translation>die Stützstellen einer Kalibrierung müssen steigen, ihr Dice muss fallen, und es muss low &lt;= dice &lt;= high gelten</translation>
  </message>
  <message>
   <source>a calibration needs two members or more, and a curve for one of {known}</source>
   <translation>eine Kalibrierung benötigt mindestens zwei Durchläufe und eine Kurve für eines von {known}</translation>
  </message>
  <message>
   <source>a calibration's coverage must lie between 0 and 1</source>
   <translation>die Abdeckung einer Kalibrierung muss zwischen 0 und 1 liegen</translation>
  </message>
  <message>
   <source>A result's report cannot be read ({cause}); segment again.</source>
   <translation>Der Bericht eines Ergebnisses kann nicht gelesen werden ({cause}); segmentieren Sie erneut.</translation>
  </message>
  <message>
   <source>{what} is not valid JSON: {cause}.</source>
   <translation>{what} ist kein gültiges JSON: {cause}.</translation>
  </message>
  <message>
   <source>{path} is no file of JSON; check the path.</source>
   <translation>{path} ist keine JSON-Datei; prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>{path} cannot be read ({cause}).</source>
   <translation>{path} kann nicht gelesen werden ({cause}).</translation>
  </message>
  <message>
   <source>{what} is not valid: {name} is missing.</source>
   <translation>{what} ist ungültig: {name} fehlt.</translation>
  </message>
  <message>
   <source>{what} is not valid at {place}: {cause}.</source>
   <translation>{what} ist bei {place} ungültig: {cause}.</translation>
  </message>
  <message>
   <source>{what} is not valid: {cause}.</source>
   <translation>{what} ist ungültig: {cause}.</translation>
  </message>
  <message>
   <source>images of about one field of view</source>
   <translation>Bildern von etwa einem Bildfeld</translation>
  </message>
  <message>
   <source>clicks in larger images</source>
   <translation>Klicks in größeren Bildern</translation>
  </message>
  <message>
   <source>The model was calibrated on {kind} only: here the verdict goes by these, and is never green.</source>
   <translation>Das Modell wurde nur an {kind} kalibriert: Hier richtet sich das Urteil nach diesen und ist nie grün.</translation>
  </message>
  <message>
   <source>In larger images this light was measured on {scans} only; on others do not rely on it.</source>
   <translation>In größeren Bildern wurde diese Ampel nur an {scans} gemessen; verlassen Sie sich bei anderen nicht darauf.</translation>
  </message>
  <message>
   <source>{model} does not say where its structures usually lie; click on them.</source>
   <translation>{model} gibt nicht an, wo seine Strukturen üblicherweise liegen; klicken Sie darauf.</translation>
  </message>
  <message>
   <source>The image is about one field of view: segment it as a whole, without clicks.</source>
   <translation>Das Bild ist etwa so groß wie ein Bildfeld: Segmentieren Sie es als Ganzes, ohne Klicks.</translation>
  </message>
  <message>
   <source>{model} found nothing where its structures usually lie; click on the organ.</source>
   <translation>{model} hat dort, wo seine Strukturen üblicherweise liegen, nichts gefunden; klicken Sie auf das Organ.</translation>
  </message>
  <message>
   <source>The voxels ({shown} mm) are outside the range that {model} accepts ({low} to {high} mm); without a click nothing is looked for there.</source>
   <translation>Die Voxel ({shown} mm) liegen außerhalb dessen, was {model} annimmt ({low} bis {high} mm); ohne Klick wird dort nichts gesucht.</translation>
  </message>
  <message>
   <source>{model} needs {needed} image channel(s) ({names}), and this image has {count}; of a 4D image give one volume.</source>
   <translation>Zahl der Bildkanäle, die {model} benötigt: {needed} ({names}); dieses Bild hat {count}. Geben Sie von einem 4D-Bild ein Volumen an.</translation>
  </message>
  <message>
   <source>The number of ensemble members must be a whole number from 1 to 1000, not {members}.</source>
   <translation>Die Zahl der Durchläufe muss eine ganze Zahl von 1 bis 1000 sein, nicht {members}.</translation>
  </message>
  <message>
   <source>The target Dice must lie between 0 and 1, not {target_dice}.</source>
   <translation>Der Ziel-Dice muss zwischen 0 und 1 liegen, nicht bei {target_dice}.</translation>
  </message>
  <message>
   <source>The seed must be a number of at most 63 bits, not {seed}.</source>
   <translation>Der Startwert muss eine Zahl von höchstens 63 Bit sein, nicht {seed}.</translation>
  </message>
  <message>
   <source>The memory limit must be a number of MB above 0, not {memory_limit}.</source>
   <translation>Die Speichergrenze (in MB) muss eine Zahl größer als 0 sein, nicht {memory_limit}.</translation>
  </message>
  <message>
   <source>A request</source>
   <translation>Ein Auftrag</translation>
  </message>
  <message>
   <source>Unknown command {command}.</source>
   <translation>Unbekannter Befehl {command}.</translation>
  </message>
  <message>
   <source>The request</source>
   <translation>Der Auftrag</translation>
  </message>
 </context>
 <context>
  <name>models</name>
  <message>
   <source>Anterior (head) and posterior (body and tail) hippocampus in T1-weighted MRI.</source>
   <translation>Vorderer (Kopf) und hinterer Hippocampus (Körper und Schwanz) im T1-gewichteten MRT.</translation>
  </message>
  <message>
   <source>Research and education. Not a medical device; a person must review every result.</source>
   <translation>Forschung und Lehre. Kein Medizinprodukt; jedes Ergebnis muss ein Mensch prüfen.</translation>
  </message>
  <message>
   <source>CC BY-SA 4.0, as the training data.</source>
   <translation>CC BY-SA 4.0, wie die Trainingsdaten.</translation>
  </message>
  <message>
   <source>T1-weighted MRI of about 1 mm, of adults. Very strong noise and ghosting break it, and so do the papers' artifacts, which are stronger than a scanner's: see the card's table of conditions. The border between anterior and posterior is a convention, and the least certain part: the light is for the whole hippocampus, and says nothing about that border or the volumes of the parts. It expects one hippocampus in its field of view: in larger images let both sides be found, or click on it; there its light was measured on brains without their skulls only, so do not rely on green in a head with its skull. What sclerosis, marked atrophy, a tumor or a resection does was not looked at. Volumes and asymmetries come without a margin of error.</source>
   <translation>T1-gewichtete MRT von etwa 1 mm, von Erwachsenen. Sehr starkes Rauschen und starke Geisterbilder machen es unbrauchbar, ebenso die Artefakte der Veröffentlichungen, die stärker sind als die eines Scanners: siehe die Tabelle der Bildstörungen in der Modellkarte. Die Grenze zwischen vorderem und hinterem Teil ist eine Konvention und der unsicherste Teil: Die Ampel gilt für den ganzen Hippocampus und sagt nichts über diese Grenze oder die Volumina der Teile. Das Modell erwartet einen Hippocampus in seinem Bildfeld: Lassen Sie in größeren Bildern beide Seiten finden oder klicken Sie darauf; dort wurde die Ampel nur an Gehirnen ohne Schädel gemessen, verlassen Sie sich also bei einem Kopf mit Schädel nicht auf Grün. Was eine Sklerose, eine ausgeprägte Atrophie, ein Tumor oder eine Resektion bewirkt, wurde nicht untersucht. Volumina und Asymmetrien werden ohne Fehlergrenzen angegeben.</translation>
  </message>
  <message>
   <source>Anterior hippocampus</source>
   <translation>Vorderer Hippocampus</translation>
  </message>
  <message>
   <source>Posterior hippocampus</source>
   <translation>Hinterer Hippocampus</translation>
  </message>
  <message>
   <source>brains without their skulls</source>
   <translation>Gehirnen ohne Schädel</translation>
  </message>
  <message>
   <source>Anterior (head) and posterior (body and tail) hippocampus in T1-weighted MRI, slice by slice.</source>
   <translation>Vorderer (Kopf) und hinterer Hippocampus (Körper und Schwanz) im T1-gewichteten MRT, Schicht für Schicht.</translation>
  </message>
  <message>
   <source>The whole prostate gland in axial T2-weighted MRI, with or without an endorectal coil.</source>
   <translation>Die ganze Prostata im axialen T2-gewichteten MRT, mit oder ohne Endorektalspule.</translation>
  </message>
  <message>
   <source>Research use only, as the training data.</source>
   <translation>Nur für die Forschung, wie die Trainingsdaten.</translation>
  </message>
  <message>
   <source>Trained on PROMISE12 (Litjens et al. 2014), whose images are for research use. So are these weights: not for clinical or commercial use.</source>
   <translation>Trainiert mit PROMISE12 (Litjens et al. 2014), dessen Bilder für die Forschung bestimmt sind. Das gilt auch für diese Gewichte: nicht für den klinischen oder gewerblichen Gebrauch.</translation>
  </message>
  <message>
   <source>Axial T2-weighted MRI of the male pelvis. Base and apex are the least certain parts. What a large tumor, a treatment or an implant does was not looked at. Volumes in ml measured on other images are as good as the outline, but the training set itself had no true scale. Its figures and its light are those of three models, each on the cases that it had not seen; these weights were trained with all 38 cases, so that none is left to measure them on. The plan was chosen with eight of these cases held out.</source>
   <translation>Axiale T2-gewichtete MRT des männlichen Beckens. Basis und Apex sind die unsichersten Teile. Was ein großer Tumor, eine Behandlung oder ein Implantat bewirkt, wurde nicht untersucht. Volumina in ml, an anderen Bildern gemessen, sind so gut wie der Umriss, doch die Trainingsdaten selbst hatten keinen wahren Maßstab. Seine Kennzahlen und seine Ampel sind die dreier Modelle, jeweils an den Fällen, die sie nicht kannten; diese Gewichte wurden mit allen 38 Fällen trainiert, sodass keiner bleibt, um sie zu messen. Der Plan wurde gewählt, während acht dieser Fälle zurückgehalten waren.</translation>
  </message>
  <message>
   <source>Prostate</source>
   <translation>Prostata</translation>
  </message>
 </context>
</TS>
