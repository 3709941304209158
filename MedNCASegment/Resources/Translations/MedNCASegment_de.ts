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
   <source>Click on an organ: a neural cellular automaton of a few thousand parameters segments it, shows where it is unsure and says whether to trust the result. Everything is computed on this computer.</source>
   <translation>Klicken Sie auf ein Organ: Ein neuronaler zellulärer Automat mit wenigen tausend Parametern segmentiert es, zeigt, wo er unsicher ist, und sagt, ob dem Ergebnis zu trauen ist. Alles wird auf diesem Computer berechnet.</translation>
  </message>
  <message>
   <source>After M3D-NCA and Med-NCA by Kalkhof, González and Mukhopadhyay, TU Darmstadt.</source>
   <translation>Nach M3D-NCA und Med-NCA von Kalkhof, González und Mukhopadhyay, TU Darmstadt.</translation>
  </message>
  <message>
   <source>The segmentation was cancelled.</source>
   <translation>Die Segmentierung wurde abgebrochen.</translation>
  </message>
  <message>
   <source>The search was cancelled.</source>
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
   <source>A request was cancelled.</source>
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
   <source>Click on the organ, or segment the whole volume.</source>
   <translation>Klicken Sie auf das Organ oder segmentieren Sie das ganze Volumen.</translation>
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
   <source>Color legend in the slice views.</source>
   <translation>Farblegende in den Schnittansichten.</translation>
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
   <translation>Annehmen</translation>
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
   <translation>Eine Kopie des Bildes stören und sehen, was das Urteil sagt:</translation>
  </message>
  <message>
   <source>Noise:</source>
   <translation>Rauschen:</translation>
  </message>
  <message>
   <source>Grain, as in a scan that was too short. 0 is none, 1 is more than the image itself.</source>
   <translation>Körnung, wie in einer zu kurzen Aufnahme. 0 ist keine, 1 ist mehr als das Bild selbst.</translation>
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
   <translation>Helligkeit, die über das Bild hinweg wandert, wie durch die Spule.</translation>
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

They are downloaded once (PyTorch: 100 to 200 MB, with support for NVIDIA cards 2 to 3 GB; the others: 1 MB) and take 0.5 to 6 GB on disk. Afterward MedNCA works offline. Install them now?</source>
   <translation>MedNCA benötigt Python-Pakete, die noch nicht installiert oder zu alt sind: {names}.

Sie werden einmalig heruntergeladen (PyTorch: 100 bis 200 MB, mit Unterstützung für NVIDIA-Karten 2 bis 3 GB; die übrigen: 1 MB) und belegen 0,5 bis 6 GB auf der Festplatte. Danach arbeitet MedNCA ohne Internetverbindung. Jetzt installieren?</translation>
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
   <translation>{segmentation} und {volume} stehen unter verschiedenen Transformationen: beide unter dieselbe stellen oder die Transformation anwenden.</translation>
  </message>
  <message>
   <source>This Slicer cannot write DICOM segmentations: install the extension QuantitativeReporting (View &gt; Extensions Manager), restart Slicer, then export.</source>
   <translation>Dieses Slicer kann keine DICOM-Segmentierungen schreiben: die Erweiterung QuantitativeReporting installieren (View &gt; Extensions Manager), Slicer neu starten, dann exportieren.</translation>
  </message>
  <message>
   <source>The files of {volume} are not in Slicer's DICOM database: import them there, then export.</source>
   <translation>Die Dateien von {volume} sind nicht in der DICOM-Datenbank von Slicer: dort importieren, dann exportieren.</translation>
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
   <translation>Nur für Forschung und Lehre; nicht für klinische Entscheidungen. Kein Medizinprodukt: ein Mensch muss jedes Ergebnis prüfen.</translation>
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
   <translation>Dice ist die Überlappung mit dem, was ein Experte gezeichnet hätte, von 0 bis 1; hier ist er geschätzt, nicht gemessen. Das Ziel ist {target}. NQM sagt, wie weit die Durchläufe des Modells auseinandergehen: 0 ist gar nicht.</translation>
  </message>
  <message>
   <source>In ml, measured on the segments as they are. Left and right are the person's. Asymmetry: left minus right, over the mean of both.</source>
   <translation>In ml, an den Segmenten gemessen, wie sie sind. Links und rechts aus Sicht der Person. Asymmetrie: links minus rechts, geteilt durch das Mittel beider.</translation>
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
   <source>{done} of {count} were accepted or corrected by a person. May move: how far further out or in the outline may lie, where the runs that differ by one standard deviation have it.</source>
   <translation>{done} von {count} wurden von einem Menschen angenommen oder korrigiert. Spielraum: wie weit weiter außen oder innen der Umriss liegen kann, wo ihn die Durchläufe haben, die um eine Standardabweichung abweichen.</translation>
  </message>
  <message>
   <source>{volume} mm³, ±{deviation}</source>
   <translation>{volume} mm³, ±{deviation}</translation>
  </message>
  <message>
   <source>Each picture cuts through the middle of the structure. R right, L left, A anterior, P posterior, S superior, I inferior, of the person; the bar at the lower right is 1 cm.</source>
   <translation>Jedes Bild schneidet durch die Mitte der Struktur. R rechts, L links, A vorn, P hinten, S oben, I unten, aus Sicht der Person; der Balken unten rechts ist 1 cm.</translation>
  </message>
  <message>
   <source>Pictures</source>
   <translation>Bilder</translation>
  </message>
  <message>
   <source>{plane} slice through {structure}, with the outlines of the segments</source>
   <translation>Schicht ({plane}) durch {structure}, mit den Umrissen der Segmente</translation>
  </message>
  <message>
   <source>Outlines</source>
   <translation>Umrisse</translation>
  </message>
  <message>
   <source>{plane} slice through {structure}, with the uncertainty in color</source>
   <translation>Schicht ({plane}) durch {structure}, mit der Unsicherheit in Farbe</translation>
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
   <source>Terms</source>
   <translation>Bedingungen</translation>
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
   <source>Corrected by hand since it was segmented: the verdict was on what was there before.</source>
   <translation>Nach der Segmentierung von Hand korrigiert: Das Urteil galt dem Stand davor.</translation>
  </message>
  <message>
   <source>Click on the organ, or segment the whole volume.</source>
   <translation>Klicken Sie auf das Organ oder segmentieren Sie das ganze Volumen.</translation>
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
   <source>The target of {target} lies within the interval: check the most uncertain regions below.</source>
   <translation>Das Ziel von {target} liegt innerhalb des Intervalls: Prüfen Sie die unsichersten Stellen (siehe unten).</translation>
  </message>
  <message>
   <source>The expected Dice is below the target of {target}: correct it, or do not use it.</source>
   <translation>Der erwartete Dice liegt unter dem Ziel von {target}: Korrigieren Sie das Ergebnis oder verwenden Sie es nicht.</translation>
  </message>
  <message>
   <source>It lies {distance} mm from the click.</source>
   <translation>Es liegt {distance} mm vom Klick entfernt.</translation>
  </message>
  <message>
   <source>NQM (how much the runs disagree; 0 is not at all): {nqm}.</source>
   <translation>NQM (wie stark die Durchläufe voneinander abweichen; 0 heißt gar nicht): {nqm}.</translation>
  </message>
  <message>
   <source>Other pieces of {volume} ml were found and left out.</source>
   <translation>Weitere Teile von {volume} ml wurden gefunden und weggelassen.</translation>
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
   <translation>angenommen</translation>
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
   <source>other pieces of {volume:.2g} ml were found beside the one that is kept; the wrong one may be kept</source>
   <translation>neben dem behaltenen Teil wurden weitere von {volume:.2g} ml gefunden; vielleicht wurde der falsche behalten</translation>
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
   <source>the result has {volume:.2g} ml, outside the {low:.2g} to {high:.2g} ml of plausible structures</source>
   <translation>das Ergebnis hat {volume:.2g} ml und liegt außerhalb der {low:.2g} bis {high:.2g} ml plausibler Strukturen</translation>
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
   <source>Measured Dice on {cases} unseen cases: {parts}.</source>
   <translation>Gemessener Dice an {cases} nie gesehenen Fällen: {parts}.</translation>
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
   <source>Terms: {terms}</source>
   <translation>Nutzungsbedingungen: {terms}</translation>
  </message>
  <message>
   <source>Cancelling</source>
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
   <translation>Sieht einem Durchlauf zu</translation>
  </message>
  <message>
   <source>Disturbing a copy</source>
   <translation>Stört eine Kopie</translation>
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
   <source>Plays one run of the last result step by step, over the image: first the coarse level, then the fine one. Green is unlikely, yellow is likely.</source>
   <translation>Spielt einen Durchlauf des letzten Ergebnisses Schritt für Schritt über dem Bild ab: erst die grobe Stufe, dann die feine. Grün ist unwahrscheinlich, gelb ist wahrscheinlich.</translation>
  </message>
  <message>
   <source>Makes a copy of the image that is as bad as the sliders say, and segments it where the image was segmented. The image itself stays as it is.</source>
   <translation>Macht eine Kopie des Bildes, die so schlecht ist, wie die Regler sagen, und segmentiert sie dort, wo das Bild segmentiert wurde. Das Bild selbst bleibt, wie es ist.</translation>
  </message>
  <message>
   <source>The disturbed copy is {name}: choose it as the volume to segment it.</source>
   <translation>Die gestörte Kopie ist {name}: als Volumen wählen, um sie zu segmentieren.</translation>
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

Nehmen Sie sie an?</translation>
  </message>
  <message>
   <source>The terms of {model} were not accepted.</source>
   <translation>Die Nutzungsbedingungen von {model} wurden nicht angenommen.</translation>
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
   <source>The report</source>
   <translation>Der Bericht</translation>
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
   <source>The volume was removed before it could be segmented.</source>
   <translation>Das Volumen wurde entfernt, bevor es segmentiert werden konnte.</translation>
  </message>
  <message>
   <source>The volume was removed meanwhile; the result is not used.</source>
   <translation>Das Volumen wurde inzwischen entfernt; das Ergebnis wird nicht verwendet.</translation>
  </message>
 </context>
 <context>
  <name>MedNCASegmentLib.result_files</name>
  <message>
   <source>Write the segments as DICOM SEG, and add them to the study in Slicer's DICOM database.</source>
   <translation>Die Segmente als DICOM SEG schreiben und in der DICOM-Datenbank von Slicer zur Studie legen.</translation>
  </message>
  <message>
   <source>{volume} report</source>
   <translation>{volume} Bericht</translation>
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
   <translation>Bericht nach {path} geschrieben.</translation>
  </message>
  <message>
   <source>The report was written to {path}. Open it?</source>
   <translation>Der Bericht wurde nach {path} geschrieben. Öffnen?</translation>
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
   <source>A T1-weighted head for MedNCA Segment: Slicer's own sample MRHead.</source>
   <translation>Ein T1-gewichteter Kopf für MedNCA Segment: MRHead aus den Beispieldaten von Slicer.</translation>
  </message>
  <message>
   <source>The sample could not be downloaded ({why}); load a T1-weighted head of your own.</source>
   <translation>Das Beispiel konnte nicht heruntergeladen werden ({why}); laden Sie einen eigenen T1-gewichteten Kopf.</translation>
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
   <translation>{name} ist ein Farb- oder Vektorvolumen; nötig ist ein Skalarvolumen.</translation>
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
   <translation>Zuerst etwas segmentieren: gezeigt wird das letzte Ergebnis.</translation>
  </message>
  <message>
   <source>There is nothing to remove.</source>
   <translation>Es gibt nichts zu entfernen.</translation>
  </message>
  <message>
   <source>Segment the image first: its copy is segmented at the same places.</source>
   <translation>Zuerst das Bild segmentieren: die Kopie wird an denselben Stellen segmentiert.</translation>
  </message>
  <message>
   <source>Move a slider first.</source>
   <translation>Zuerst einen Regler bewegen.</translation>
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
</TS>
